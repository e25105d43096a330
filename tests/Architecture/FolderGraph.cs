using System.Reflection;
using System.Text.RegularExpressions;

namespace MambaQuant.Architecture;

/// <summary>Which folder of an assembly uses which, folder being the first name below the assembly's root namespace.</summary>
internal sealed partial class FolderGraph
{
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);

    /// <summary>The folders, sorted.</summary>
    public IEnumerable<string> Folders => _uses.Keys;

    /// <summary>Every arrow with one place that draws it.</summary>
    public IEnumerable<(string From, string To, string Where)> Arrows =>
        _uses.SelectMany(from => from.Value.Select(to => (from.Key, to.Key, to.Value)));

    /// <summary>Adds what the compiled types of an assembly use.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="root">Its root namespace.</param>
    public void AddAssembly(Assembly assembly, string root)
    {
        foreach (Type type in assembly.GetTypes())
        {
            if (Folder(Namespace(type), root) is not { } from)
            {
                continue;
            }

            AddFolder(from);
            foreach (Type used in TypeReferences.Of(type))
            {
                if (used.Assembly == assembly && Folder(Namespace(used), root) is { } to)
                {
                    AddArrow(from, to, $"{type.FullName} uses {used.FullName}");
                }
            }
        }
    }

    /// <summary>Adds the using directives of a source.</summary>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <param name="root">The assembly's root namespace.</param>
    public void AddSource(string path, string text, string root)
    {
        if (NamespaceLine().Match(text) is not { Success: true } declared || Folder(declared.Groups[1].Value, root) is not { } from)
        {
            return;
        }

        AddFolder(from);
        foreach (Match used in UsingLine().Matches(text))
        {
            if (Folder(used.Groups[1].Value, root) is { } to)
            {
                AddArrow(from, to, $"{path} says using {used.Groups[1].Value}");
            }
        }
    }

    /// <summary>A circle of folders, or null where there is none.</summary>
    /// <returns>The folders along the circle, the first again at the end.</returns>
    public IReadOnlyList<string>? FindCircle()
    {
        HashSet<string> finished = [];
        List<string> path = [];
        foreach (string folder in _uses.Keys)
        {
            if (Visit(folder) is { } circle)
            {
                return circle;
            }
        }

        return null;

        IReadOnlyList<string>? Visit(string folder)
        {
            if (finished.Contains(folder))
            {
                return null;
            }

            if (path.IndexOf(folder) is var start and >= 0)
            {
                return [.. path[start..], folder];
            }

            path.Add(folder);
            foreach (string used in _uses[folder].Keys)
            {
                if (Visit(used) is { } circle)
                {
                    return circle;
                }
            }

            path.RemoveAt(path.Count - 1);
            finished.Add(folder);
            return null;
        }
    }

    private static string Namespace(Type type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type.Namespace ?? "";
    }

    private static string? Folder(string name, string root) =>
        name.StartsWith(root + ".", StringComparison.Ordinal) ? name[(root.Length + 1)..].Split('.')[0] : null;

    private void AddFolder(string folder) => _uses.TryAdd(folder, new SortedDictionary<string, string>(StringComparer.Ordinal));

    private void AddArrow(string from, string to, string where)
    {
        if (from != to)
        {
            AddFolder(to);
            _uses[from].TryAdd(to, where);
        }
    }

    [GeneratedRegex(@"^namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^(?:global\s+)?using\s+(?:static\s+|\w+\s*=\s*)?([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
