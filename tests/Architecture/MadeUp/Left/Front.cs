namespace MambaQuant.Architecture.MadeUp.Left;

/// <summary>Half of a circle: the other half is used in a method body only, without a using directive.</summary>
public static class Front
{
    public static int Depth() => Right.Back.Height(0) + 1;
}
