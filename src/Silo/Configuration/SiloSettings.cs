namespace MambaQuant.Silo.Configuration;

/// <summary>What can be set, as it is written: in appsettings.json under "MambaQuant", as MambaQuant__Name in the environment, or as --name value.</summary>
/// <remarks>Texts on purpose: <see cref="SiloSettingsReader"/> reads them all and tells every problem at once.</remarks>
internal sealed record SiloSettings
{
    /// <summary>The section's name.</summary>
    public const string Section = "MambaQuant";

    /// <summary>Every setting: its name, what it is for, and its default as people read it.</summary>
    public static IReadOnlyList<(string Name, string Purpose, string Default)> Known { get; } =
    [
        ("Store", "store of all jobs: a folder that every silo sees, the address of a blob container, or env:NAME", "none; required"),
        ("Scratch", "folder for files on their way", "a folder of its own in the system's temporary one"),
        ("Slots", "items that run at once; 0 for a silo that only holds jobs", "1"),
        ("SlotMemory", "memory of a slot, such as 8g", "the machine's, divided among the slots"),
        ("Threads", "threads that the slots divide among them", "one a processor"),
        ("Clustering", "Localhost or Redis", "Redis where one is named, else Localhost"),
        ("Redis", "connection string of Redis, or env:NAME", "none"),
        ("ClusterId", "name of the cluster", "mambaquant"),
        ("ServiceId", "name of the service", "mambaquant"),
        ("SiloName", "name of this silo", "POD_NAME, else the machine's name and the port"),
        ("AdvertisedAddress", "IP address that the other silos use", "POD_IP, else loopback"),
        ("SiloPort", "port for silos", "11111"),
        ("GatewayPort", "port for clients", "30000"),
        ("HealthPort", "port of /health/startup, /health/ready and /health/live; 0 for any that is free", "8080"),
        ("DashboardPort", "port of the live page; other machines reach it where the silo itself is reached by others, and then it needs a DashboardToken", "none; no page"),
        ("DashboardToken", "what visitors of the live page have to know, at least 16 characters, or env:NAME; a secret", "none"),
        ("PrimarySilo", "with Localhost: IP:PORT of the silo that the others join", "127.0.0.1:11111"),
        ("TlsCertificate", "PEM file of this silo's certificate; with it all connections are mutual TLS", "none"),
        ("TlsKey", "PEM file of its key", "none"),
        ("TlsAuthority", "PEM file of the authority that everybody's certificates are of", "none"),
        ("Lease", "seconds without a sign of life after which an item is given to another slot", "15"),
        ("Heartbeat", "seconds between two signs of life", "3"),
        ("ExitWhenIdle", "seconds without a job to work for after which the silo ends with code 0", "never"),
        ("ShutdownSeconds", "seconds that stopping at a safe point may take", "120"),
    ];
}
