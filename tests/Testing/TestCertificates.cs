using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MambaQuant.Testing;

/// <summary>An authority made for one test, and certificates of it as PEM files.</summary>
public sealed class TestCertificates : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly string _folder;

    /// <summary>Makes an authority.</summary>
    /// <param name="folder">Where the files go.</param>
    /// <param name="name">Name of the authority.</param>
    public TestCertificates(string folder, string name = "authority")
    {
        _folder = folder;
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(30));
        AuthorityPath = Path.Combine(folder, $"{name}.pem");
        File.WriteAllText(AuthorityPath, _authority.ExportCertificatePem());
    }

    /// <summary>PEM file of the authority.</summary>
    public string AuthorityPath { get; }

    /// <summary>Makes a certificate.</summary>
    /// <param name="name">Its name, and that of its files.</param>
    /// <param name="days">Days from now on that it is valid; negative for one that has ended.</param>
    /// <returns>PEM files of the certificate and its key.</returns>
    public (string Certificate, string Key) Issue(string name, int days = 10)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using X509Certificate2 issued = request.Create(
            _authority, DateTimeOffset.UtcNow.AddDays(Math.Min(days, 0) - 1), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
        string certificate = Path.Combine(_folder, $"{name}.crt"), keyPath = Path.Combine(_folder, $"{name}.key");
        File.WriteAllText(certificate, issued.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return (certificate, keyPath);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
    }
}
