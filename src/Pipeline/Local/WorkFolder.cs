using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Local;

/// <summary>The folder beside an output in which a run works: its lock, what it is about, files on their way, and its store where none is named.</summary>
/// <remarks>
/// <code>
/// out.work/lock       held while a run is at work; marks the folder as ours
/// out.work/plans/     what the run is about: a plan for each checkpoint; there before anything else is made
/// out.work/scratch/   files on their way to and from the store
/// out.work/store/     the store, where none is named
/// </code>
/// </remarks>
internal sealed class WorkFolder : IDisposable
{
    private const string LockName = "lock", PlansName = "plans";

    private readonly FileStream _lock;
    private bool _isRemoved;

    private WorkFolder(string path, FileStream held, bool isResumed)
    {
        Path = path;
        _lock = held;
        IsResumed = isResumed;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Whether an earlier run of the same plans left it.</summary>
    public bool IsResumed { get; }

    /// <summary>Where the store lies where none is named.</summary>
    public string StorePath => System.IO.Path.Combine(Path, "store");

    /// <summary>A folder for the files of one worker that are on their way.</summary>
    /// <param name="worker">Index of the worker.</param>
    public string ScratchPath(int worker) => System.IO.Path.Combine(Path, "scratch", $"{worker}");

    /// <summary>The work folder of an output.</summary>
    /// <param name="outputPath">The output.</param>
    public static string Beside(string outputPath) =>
        System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(outputPath)) + ".work";

    /// <summary>Whether an interrupted run left a work folder beside an output.</summary>
    /// <param name="outputPath">The output.</param>
    public static bool IsLeft(string outputPath) => Directory.Exists(System.IO.Path.Combine(Beside(outputPath), PlansName));

    /// <summary>Refuses a folder of the work folder's name that this program did not make.</summary>
    /// <param name="outputPath">The output.</param>
    /// <exception cref="OutputDirectoryException">Something else has the name.</exception>
    public static void EnsureOurs(string outputPath)
    {
        string path = Beside(outputPath);
        bool isOurs = File.Exists(System.IO.Path.Combine(path, LockName));
        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() && !isOurs))
        {
            throw new OutputDirectoryException($"'{path}' is in the way and was not made by this program. Move it, or choose another output folder.");
        }
    }

    /// <summary>Takes the work folder of an output: makes it, or goes on in the one that an interrupted run left.</summary>
    /// <param name="outputPath">The output.</param>
    /// <param name="plans">What the run is about.</param>
    /// <param name="resume">What to do about an interrupted run.</param>
    /// <exception cref="OutputDirectoryException">Something else has the name.</exception>
    /// <exception cref="ResumeException">There is nothing to go on with, it is another run's, or that run is at work.</exception>
    public static WorkFolder Take(string outputPath, ImmutableArray<WorkPlan> plans, ResumeMode resume)
    {
        EnsureOurs(outputPath);
        string path = Beside(outputPath);
        bool isLeft = IsLeft(outputPath);
        if (resume == ResumeMode.Required && !isLeft)
        {
            throw new ResumeException($"there is no interrupted run to go on with: expected '{System.IO.Path.Combine(path, PlansName)}'. Check --out, or begin with --resume auto");
        }

        Directory.CreateDirectory(path);
        FileStream held = Lock(outputPath, path);
        bool isTaken = false;
        try
        {
            if (isLeft && resume != ResumeMode.Never)
            {
                Compare(path, plans);
                Empty(path, keepsRun: true);
                isTaken = true;
                return new WorkFolder(path, held, isResumed: true);
            }

            Empty(path, keepsRun: false);
            Note(path, plans);
            isTaken = true;
            return new WorkFolder(path, held, isResumed: false);
        }
        finally
        {
            if (!isTaken)
            {
                held.Dispose();
            }
        }
    }

    /// <summary>Removes the folder with everything in it.</summary>
    public void Remove()
    {
        _isRemoved = true;
        if (OperatingSystem.IsWindows())
        {
            _lock.Dispose(); // an open file cannot be deleted there; elsewhere nobody can take the folder before it is gone
        }

        Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }

    /// <summary>Lets go of the folder; another run can go on in it.</summary>
    public void Dispose()
    {
        if (!_isRemoved)
        {
            Empty(Path, keepsRun: true);
        }

        _lock.Dispose();
    }

    private static FileStream Lock(string outputPath, string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException error) when (File.Exists(System.IO.Path.Combine(path, LockName)))
        {
            throw new ResumeException($"another run is writing '{outputPath}' at this moment ({error.Message}). Wait for it, or choose another output folder");
        }
    }

    private static void Note(string path, ImmutableArray<WorkPlan> plans)
    {
        string partial = System.IO.Path.Combine(path, PlansName + ".partial");
        Directory.CreateDirectory(partial);
        for (int index = 0; index < plans.Length; index++)
        {
            File.WriteAllBytes(System.IO.Path.Combine(partial, PlanName(index)), PlanDocument.Write(plans[index]));
        }

        Directory.Move(partial, System.IO.Path.Combine(path, PlansName));
    }

    private static void Compare(string path, ImmutableArray<WorkPlan> plans)
    {
        string folder = System.IO.Path.Combine(path, PlansName);
        int count = Directory.GetFiles(folder).Length;
        List<string> differences = count == plans.Length ? [] : [$"checkpoints: stored {count}, asked {plans.Length}"];
        try
        {
            for (int index = 0; index < Math.Min(count, plans.Length); index++)
            {
                string file = System.IO.Path.Combine(folder, PlanName(index));
                differences.AddRange(PlanComparison.Differences(PlanDocument.Read(File.ReadAllBytes(file), file), plans[index]));
            }
        }
        catch (Exception error) when (error is InvalidPlanException or FileNotFoundException or InvalidRecipeException)
        {
            throw new ResumeException($"the plans in '{folder}' are damaged, or another version of this program made them: {error.Message} Begin anew with --resume never, which removes '{path}'");
        }

        if (differences.Count > 0)
        {
            throw new ResumeException(
                $"'{path}' belongs to another run: {string.Join("; ", differences.Distinct())}. Repeat that run's command, name another folder with --out, or begin anew with --resume never, which removes '{path}'");
        }
    }

    private static string PlanName(int index) => string.Create(CultureInfo.InvariantCulture, $"{index:D3}.json");

    private static void Empty(string path, bool keepsRun)
    {
        string[] kept = keepsRun ? [LockName, PlansName, "store"] : [LockName];
        foreach (string left in Directory.EnumerateFileSystemEntries(path).Where(entry => !kept.Contains(System.IO.Path.GetFileName(entry))).ToList())
        {
            if (Directory.Exists(left))
            {
                Directory.Delete(left, recursive: true);
            }
            else
            {
                File.Delete(left);
            }
        }
    }
}
