using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using MambaQuant.Grains.Contracts;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Contracts;

/// <summary>What travels between silos and clients of different versions means the same to all of them: the numbers of its members are written down.</summary>
public sealed class WireFormatTests
{
    private static readonly string Written = Repository.Path("tests", "Grains.Tests", "Contracts", "wire-format.txt");

    private static readonly Type[] Calls = [.. typeof(JobView).Assembly.GetTypes().Where(type => type.IsInterface && type.GetCustomAttribute<AliasAttribute>() is not null)];

    [Fact]
    public void Numbers_MeanWhatTheyAlwaysMeant()
    {
        string[] written = [.. File.ReadAllLines(Written).Where(line => line.Length > 0 && line[0] != '#')];
        string[] actual = [.. Messages().SelectMany(Members).Concat(Calls.SelectMany(Methods)).Order(StringComparer.Ordinal)];
        string[] gone = [.. written.Except(actual)], come = [.. actual.Except(written)];

        Assert.True(
            gone.Length == 0,
            $"A member of a message, a value or a call is not what it was, and silos of an earlier version would misread it. Give what is new a number, or a call a name, that was never used. A member that means the same under another name alone may be changed in {Written}. Not there any more:\n{string.Join('\n', gone)}\nThere instead:\n{string.Join('\n', come)}");
        Assert.True(come.Length == 0, $"There is something new: add these lines to {Written}, sorted; lines that stand there stay as they are.\n{string.Join('\n', come)}");
        Assert.Equal(written.Order(StringComparer.Ordinal), written);
    }

    [Fact]
    public void Names_AreThoseOfOneTypeEach()
    {
        string[] names = [.. Messages().Concat(Calls).Select(NameOf)];

        Assert.Equal(names.Distinct(StringComparer.Ordinal), names);
    }

    private static IEnumerable<Type> Messages() => typeof(JobView).Assembly.GetTypes().Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null);

    private static IEnumerable<string> Members(Type message) => message.IsEnum
        ? Enum.GetValuesAsUnderlyingType(message).Cast<object>().Select(value => Invariant($"{NameOf(message)} {value}: {Enum.GetName(message, value)}"))
        : message.GetProperties()
            .Where(property => property.GetCustomAttribute<IdAttribute>() is not null)
            .Select(property => Invariant($"{NameOf(message)} {property.GetCustomAttribute<IdAttribute>()!.Id}: {property.Name}, {TextOf(property.PropertyType)}"));

    private static IEnumerable<string> Methods(Type calls) => calls.GetMethods().Select(method => Invariant(
        $"{NameOf(calls)} {method.GetCustomAttribute<AliasAttribute>()?.Alias}({string.Join(", ", method.GetParameters().Select(parameter => TextOf(parameter.ParameterType)))}): {string.Join(", ", method.ReturnType.GetGenericArguments().Select(TextOf))}"))
        .Select(line => line.TrimEnd(' '));

    private static string NameOf(Type type) => type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.Name;

    private static string TextOf(Type type) => Nullable.GetUnderlyingType(type) is { } underlying ? TextOf(underlying) + "?"
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) ? TextOf(type.GetGenericArguments()[0]) + "[]"
        : NameOf(type);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
