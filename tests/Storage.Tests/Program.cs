using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage;
using MambaQuant.Storage.Tests.Contract;

// What tests start as processes of their own: ACTION LOCATION NAME SEED LENGTH. Each prints "ready", waits for a line, acts, and prints what came of it.
if (args is not [string action, string location, string name, string seedText, string lengthText])
{
    return 2;
}

ulong seed = ulong.Parse(seedText);
long length = long.Parse(lengthText);
IArtifactStore store = await ArtifactStores.OpenOrCreateAsync(location, CancellationToken.None);
Console.WriteLine("ready");
Console.ReadLine();
switch (action)
{
    case "put":
        PutOutcome outcome = await store.PutIfAbsentAsync(
            name, (stream, cancellation) => PatternContent.WriteAsync(stream, seed, length, 65_536, cancellation), CancellationToken.None);
        Console.WriteLine($"{outcome.Written} {outcome.Stored.Checksum} {outcome.Offered}");
        return 0;
    case "hang":
        await store.PutIfAbsentAsync(
            name,
            async (stream, cancellation) =>
            {
                await PatternContent.WriteAsync(stream, seed, length, 65_536, cancellation);
                Console.WriteLine("written");
                await Task.Delay(Timeout.Infinite, cancellation);
            },
            CancellationToken.None);
        return 0;
    default:
        return 2;
}
