using System.ComponentModel;
using MambaQuant.Testing;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>One test that knows what its class needs.</summary>
public sealed class StoreTestCase : XunitTestCase
{
    /// <summary>For the runner, which makes one and fills it.</summary>
    [Obsolete("the runner's own")]
    [EditorBrowsable(EditorBrowsableState.Never)]
    public StoreTestCase()
    {
    }

    /// <summary>Makes one.</summary>
    public StoreTestCase(IMessageSink messages, ITestFrameworkDiscoveryOptions options, ITestMethod method, object[]? arguments = null)
        : base(messages, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), method, arguments)
    {
    }

    /// <inheritdoc/>
    protected override string GetSkipReason(IAttributeInfo factAttribute) =>
        TestMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsAzuriteAttribute)).Any() && AzuriteServer.MissingReason is { } reason
            ? reason
            : base.GetSkipReason(factAttribute);
}
