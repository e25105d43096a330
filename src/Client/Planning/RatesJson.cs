using System.Text.Json.Serialization;

namespace MambaQuant.Client.Planning;

/// <summary>How saved rates stand in JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SavedRates))]
internal sealed partial class RatesJson : JsonSerializerContext;
