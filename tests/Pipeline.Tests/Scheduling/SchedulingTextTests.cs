using System.Text.Json;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

public sealed class SchedulingTextTests
{
    /// <summary>Every input as it stands in journals that exist: these lines never change.</summary>
    private static readonly string[] InputLines =
    [
        """{"input":"job-submitted","job":"0123456789abcdef","profile":"cpu","options":{"lease":"00:01:00","heartbeat":"00:00:15","retryLimit":5,"poisonThreshold":3,"lossLimit":5,"backOffBase":"00:00:01","backOffCap":"00:01:00","stragglerFactor":2,"stragglerFloor":"00:00:30"},"done":[{"item":3,"checksum":"ab"}],"at":0}""",
        """{"input":"job-adopted","owner":"host:1","at":1}""",
        """{"input":"worker-joined","worker":"w1","memoryBytes":1024,"profile":"cpu","at":2}""",
        """{"input":"worker-lost","worker":"w1","cause":"exit code 137","drained":false,"at":3}""",
        """{"input":"work-requested","worker":"w1","at":4}""",
        """{"input":"lease-renewed","worker":"w1","item":1,"attempt":2,"checkpoint":8,"at":5}""",
        """{"input":"work-completed","worker":"w1","item":1,"attempt":2,"checksum":"ab","asks":true,"at":6}""",
        """{"input":"work-failed","worker":"w1","item":1,"attempt":2,"failure":"Transient","cause":"reset","at":7}""",
        """{"input":"work-failed","worker":"w1","item":1,"attempt":2,"failure":"InputLost","cause":"gone","lostItem":0,"at":7}""",
        """{"input":"work-failed","worker":"w1","item":1,"attempt":2,"failure":"Permanent","cause":"not finite","fault":"NonFiniteValueException","at":7}""",
        """{"input":"work-released","worker":"w1","item":1,"attempt":2,"cause":"drained","at":8}""",
        """{"input":"tick","at":9}""",
        """{"input":"tick","expired":[{"worker":"w1","item":1,"attempt":2}],"at":9}""",
        """{"input":"tick","expired":[{"worker":"w1","item":1,"attempt":2}],"unheard":[{"worker":"w1","item":1,"attempt":2}],"at":9}""",
        """{"input":"cancel","cause":"Ctrl-C","at":10}""",
    ];

    private static readonly string[] OutputLines =
    [
        """{"output":"assign","worker":"w1","item":1,"attempt":2}""",
        """{"output":"revoke","worker":"w1","item":1,"attempt":2,"cause":"over"}""",
        """{"output":"wake-at","at":15}""",
        """{"output":"progress","done":1,"total":4}""",
        """{"output":"returned","worker":"w1","item":1,"attempt":2,"reason":"Expired","cause":"silent"}""",
        """{"output":"reopened","item":1,"cause":"gone"}""",
        """{"output":"refused","worker":"w1","cause":"other profile"}""",
        """{"output":"unserved","item":1,"cause":"too large"}""",
        """{"output":"nondeterminism","item":1,"firstWorker":"w1","firstChecksum":"a","secondWorker":"w2","secondChecksum":"b"}""",
        """{"output":"finished"}""",
        """{"output":"failed","item":1,"cause":"broken"}""",
        """{"output":"cancelled","cause":"Ctrl-C"}""",
        """{"output":"ignored","cause":"late"}""",
    ];

    public static TheoryData<string> Inputs => [.. InputLines];

    public static TheoryData<string> Outputs => [.. OutputLines];

    [Theory]
    [MemberData(nameof(Inputs))]
    public void Input_IsReadAndWrittenWithStableNames(string line) => Assert.Equal(line, SchedulingText.Write(SchedulingText.ReadInput(line)));

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Output_IsReadAndWrittenWithStableNames(string line) => Assert.Equal(line, SchedulingText.Write(SchedulingText.ReadOutput(line)));

    [Fact]
    public void Lists_NameEveryKind()
    {
        Assert.Equal(Kinds(typeof(SchedulerInput)), InputLines.Select(line => SchedulingText.ReadInput(line).GetType()).Distinct().OrderBy(type => type.Name));
        Assert.Equal(Kinds(typeof(SchedulerOutput)), OutputLines.Select(line => SchedulingText.ReadOutput(line).GetType()).Distinct().OrderBy(type => type.Name));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"input":"party","at":1}""")]
    [InlineData("""{"input":"work-requested","at":1}""")]
    [InlineData("""{"input":"work-requested","worker":null,"at":1}""")]
    [InlineData("""{"input":"work-requested","worker":"w","at":1,"more":2}""")]
    public void Line_ThatIsNoInputIsRefused(string line) => Assert.ThrowsAny<Exception>(() => SchedulingText.ReadInput(line) is var read ? throw new JsonException($"read {read}") : read);

    private static IEnumerable<Type> Kinds(Type root) => root.Assembly.GetTypes().Where(type => type.BaseType == root).OrderBy(type => type.Name);
}
