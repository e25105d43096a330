using System.Net;

namespace MambaQuant.Dashboard.Hosting;

/// <summary>Where the page is served, and for whom.</summary>
public sealed record DashboardOptions
{
    /// <summary>Characters that a token has at least: nobody should guess it.</summary>
    public const int LeastTokenLength = 16;

    /// <summary>Address to listen at.</summary>
    /// <value>Loopback by default: only programs of this machine reach it.</value>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port to listen at.</summary>
    /// <value>0 by default: any that is free.</value>
    public int Port { get; init; }

    /// <summary>What a visitor has to know; a secret. Required where <see cref="Address"/> is not loopback.</summary>
    /// <value>None by default.</value>
    public string? Token { get; init; }

    /// <summary>How long a server that goes waits for a job's end to reach the pages that show it; nothing is waited for where no page is open.</summary>
    /// <value>1.5 s by default.</value>
    public TimeSpan ToTellTheEnd { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Whether the page can be reached from this machine only.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>What is wrong with the options.</summary>
    /// <returns>Null where nothing is; never with the token in it.</returns>
    public string? Problem() => this switch
    {
        { Port: < 0 or > 65535 } => $"a port is a number from 0 to 65535, found {Port}",
        { IsLoopback: false, Token: null } => $"the page is to be served at {Address}, which other machines reach: it needs a token of at least {LeastTokenLength} characters",
        { Token: { Length: < LeastTokenLength } token } => $"a token has at least {LeastTokenLength} characters, found {token.Length}; make one with 'openssl rand -hex 16'",
        { Token: { } token } when !token.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or '~') =>
            "a token is made of letters, digits and - _ . ~, so that it can stand in an address; make one with 'openssl rand -hex 16'",
        _ => null,
    };
}
