using MambaQuant.Silo;
using MambaQuant.Silo.Configuration;

if (SiloArguments.Parse(args, out Dictionary<string, string?> settings) is { } code)
{
    return code;
}

return await SiloProgram.RunAsync(settings);
