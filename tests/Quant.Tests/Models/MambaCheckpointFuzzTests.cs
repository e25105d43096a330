using System.Text;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Models;

/// <summary>A float checkpoint whose config.json or index is damaged is opened or refused, never anything else.</summary>
public sealed class MambaCheckpointFuzzTests : IDisposable
{
    private const string IndexFile = CheckpointTensors.IndexFileName;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void DamagedConfig_IsReadOrRefused()
    {
        new SyntheticMamba().Write(_directory.Path);
        var run = new FuzzRun(
            _directory.Path, typeof(InvalidModelConfigException), typeof(UnsupportedModelException), typeof(InvalidSafetensorsException));
        string good = File.ReadAllText(_directory.File(MambaConfigReader.FileName));
        run.Repeat(150, seed: 1, random => JsonMutation.Mutate(good, random), text => Open(MambaConfigReader.FileName, Encoding.UTF8.GetBytes(text)));
        run.Repeat(100, seed: 2, random => Flipped(good, random), bytes => Open(MambaConfigReader.FileName, Convert.FromHexString(bytes)));
        Assert.True(run.Refused > 50 && run.Read > 5, $"{run.Refused} refused, {run.Read} read: the damage is too large or too small to tell anything");
    }

    [Fact]
    public void DamagedIndex_IsReadOrRefused()
    {
        new SyntheticMamba { MaxShardBytes = 8000 }.Write(_directory.Path);
        var run = new FuzzRun(_directory.Path, typeof(InvalidSafetensorsException));
        string good = File.ReadAllText(_directory.File(IndexFile));
        run.Repeat(150, seed: 3, random => JsonMutation.Mutate(good, random), text => Open(IndexFile, Encoding.UTF8.GetBytes(text)));
        run.Repeat(100, seed: 4, random => Flipped(good, random), bytes => Open(IndexFile, Convert.FromHexString(bytes)));
        Assert.True(run.Refused > 100 && run.Read > 5, $"{run.Refused} refused, {run.Read} read: the damage is too large or too small to tell anything");
    }

    private static string Flipped(string good, Random random)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(good);
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        }

        return Convert.ToHexString(random.Next(5) == 0 ? bytes.AsSpan(0, random.Next(bytes.Length)) : bytes);
    }

    private void Open(string file, byte[] content)
    {
        _directory.Write(file, content);
        MambaCheckpoint.Open(_directory.Path).Dispose();
    }
}
