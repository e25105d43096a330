using System.Collections.Immutable;
using System.Reflection;
using MambaQuant.Grains.Contracts;
using Xunit;

namespace MambaQuant.Grains.Tests.Contracts;

/// <summary>What may travel between silos: words and numbers, under names that never change.</summary>
public sealed class WireTypeTests
{
    private static readonly Type[] Simple = [typeof(string), typeof(int), typeof(long), typeof(double), typeof(bool)];

    public static TheoryData<Type> Messages =>
        [.. typeof(JobView).Assembly.GetTypes().Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null)];

    public static TheoryData<Type> Interfaces => [typeof(ICalibrationJobGrain), typeof(IJobDirectoryGrain), typeof(IGpuWorkerGrain)];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Message_HasAnAliasAndOnlyWordsAndNumbers(Type message)
    {
        Assert.StartsWith("mq.", message.GetCustomAttribute<AliasAttribute>()?.Alias);
        uint[] ids = [.. message.GetProperties().Select(property => property.GetCustomAttribute<IdAttribute>()?.Id).OfType<uint>()];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(message.GetProperties().Where(property => property.CanWrite), property => Assert.NotNull(property.GetCustomAttribute<IdAttribute>()));
        Assert.All(message.GetProperties().Where(property => property.CanWrite), property => Assert.True(IsWordOrNumber(property.PropertyType), $"{property} is neither word nor number"));
    }

    [Theory]
    [MemberData(nameof(Interfaces))]
    public void Interface_HasAliasesAndOnlyMessages(Type grain)
    {
        Assert.StartsWith("mq.", grain.GetCustomAttribute<AliasAttribute>()?.Alias);
        foreach (MethodInfo method in grain.GetMethods())
        {
            Assert.NotNull(method.GetCustomAttribute<AliasAttribute>());
            Type[] told = [.. method.GetParameters().Select(parameter => parameter.ParameterType), .. method.ReturnType.GetGenericArguments()];
            Assert.All(told, type => Assert.True(IsWordOrNumber(type), $"{method}: {type} is neither word nor number"));
        }
    }

    private static bool IsWordOrNumber(Type type) => Simple.Contains(type)
        || type.Assembly == typeof(JobView).Assembly
        || (Nullable.GetUnderlyingType(type) is { } underlying && IsWordOrNumber(underlying))
        || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) && type.GetGenericArguments()[0] is var element
            && (element == typeof(string) || element.Assembly == typeof(JobView).Assembly));
}
