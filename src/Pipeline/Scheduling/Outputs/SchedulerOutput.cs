using System.Text.Json.Serialization;

namespace MambaQuant.Pipeline.Scheduling.Outputs;

/// <summary>Something that the driver is to do, or to tell people.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "output")]
[JsonDerivedType(typeof(Assign), "assign")]
[JsonDerivedType(typeof(Revoke), "revoke")]
[JsonDerivedType(typeof(WakeAt), "wake-at")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(Returned), "returned")]
[JsonDerivedType(typeof(Reopened), "reopened")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(Unserved), "unserved")]
[JsonDerivedType(typeof(Nondeterminism), "nondeterminism")]
[JsonDerivedType(typeof(Finished), "finished")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(Cancelled), "cancelled")]
[JsonDerivedType(typeof(Ignored), "ignored")]
public abstract record SchedulerOutput;
