using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace MambaQuant.Grains.Connecting;

/// <summary>Mutual TLS: every silo and client shows a certificate of one authority, and accepts no other.</summary>
/// <remarks>
/// The authority is the cluster's own (as a cert-manager issuer makes one): who holds a certificate of it may do everything. Names in certificates
/// are not compared, since pods come and go under any address; the chain up to the authority and the dates are.
/// </remarks>
public sealed class ClusterCertificates : IDisposable
{
    private readonly X509Certificate2 _own;
    private readonly X509Certificate2Collection _authorities;

    private ClusterCertificates(X509Certificate2 own, X509Certificate2Collection authorities)
    {
        _own = own;
        _authorities = authorities;
    }

    /// <summary>Reads certificates.</summary>
    /// <param name="certificatePath">PEM file of this member's certificate.</param>
    /// <param name="keyPath">PEM file of its private key.</param>
    /// <param name="authorityPath">PEM file of the authority's certificate, or of several.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException">A file holds something else; the message names it.</exception>
    public static ClusterCertificates Read(string certificatePath, string keyPath, string authorityPath)
    {
        var authorities = new X509Certificate2Collection();
        Named(authorityPath, () => authorities.ImportFromPemFile(authorityPath));
        if (authorities.Count == 0)
        {
            throw new CryptographicException($"'{authorityPath}' holds no certificate, expected PEM");
        }

        X509Certificate2? own = null;
        Named(certificatePath, () =>
        {
            // A key straight from PEM is bound to this process in a form that TLS takes on every system only after a round trip.
            using X509Certificate2 read = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
            own = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
        });
        return new ClusterCertificates(own!, authorities);
    }

    /// <summary>When this member's certificate ends.</summary>
    public DateTimeOffset EndsAt => new(_own.NotAfter.ToUniversalTime());

    /// <summary>Whether a certificate that the other side shows is of the authority and valid now.</summary>
    /// <param name="certificate">The certificate; null where none was shown.</param>
    public bool Accepts(X509Certificate2? certificate)
    {
        if (certificate is null)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // an authority inside a cluster publishes no list
        return chain.Build(certificate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _own.Dispose();
        foreach (X509Certificate2 authority in _authorities)
        {
            authority.Dispose();
        }
    }

    /// <summary>Sets up the connections of a silo.</summary>
    internal void Apply(ISiloBuilder silo) => silo.UseTls(_own, Apply);

    /// <summary>Sets up the connections of a client.</summary>
    internal void Apply(IClientBuilder client) => client.UseTls(_own, Apply);

    private void Apply(TlsOptions options)
    {
        options.LocalCertificate = _own;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateValidation = (certificate, _, _) => Accepts(certificate);
        options.OnAuthenticateAsClient = (_, authentication) => authentication.TargetHost = "mambaquant";
    }

    private static void Named(string path, Action read)
    {
        try
        {
            read();
        }
        catch (CryptographicException fault)
        {
            throw new CryptographicException($"'{path}': {fault.Message}", fault);
        }
    }
}
