using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MambaQuant.Grains.Connecting;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Connecting;

public sealed class ClusterCertificatesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly TestCertificates _ours;
    private readonly TestCertificates _others;

    public ClusterCertificatesTests()
    {
        _ours = new TestCertificates(_folder.Path);
        _others = new TestCertificates(_folder.Path, "stranger");
    }

    [Fact]
    public void Member_IsAccepted() => Assert.True(Accepts(_ours.Issue("member").Certificate));

    [Fact]
    public void Member_OfAnotherAuthorityIsNot() => Assert.False(Accepts(_others.Issue("member").Certificate));

    [Fact]
    public void Member_WhoseCertificateHasEndedIsNot() => Assert.False(Accepts(_ours.Issue("member", days: -1).Certificate));

    [Fact]
    public void Member_WithoutCertificateIsNot()
    {
        using ClusterCertificates certificates = Own();
        Assert.False(certificates.Accepts(null));
    }

    [Fact]
    public void File_ThatIsNoCertificateIsNamed()
    {
        string path = _folder.File("text.pem");
        File.WriteAllText(path, "no certificate");
        (_, string key) = _ours.Issue("own");

        CryptographicException fault = Assert.Throws<CryptographicException>(() => ClusterCertificates.Read(path, key, _ours.AuthorityPath));

        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(path, Assert.Throws<CryptographicException>(() => ClusterCertificates.Read(path, key, path)).Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _ours.Dispose();
        _others.Dispose();
        _folder.Dispose();
    }

    private ClusterCertificates Own()
    {
        (string certificate, string key) = _ours.Issue("own");
        return ClusterCertificates.Read(certificate, key, _ours.AuthorityPath);
    }

    private bool Accepts(string path)
    {
        using ClusterCertificates certificates = Own();
        using X509Certificate2 shown = X509CertificateLoader.LoadCertificateFromFile(path);
        return certificates.Accepts(shown);
    }
}
