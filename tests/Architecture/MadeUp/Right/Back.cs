namespace MambaQuant.Architecture.MadeUp.Right;

/// <summary>The other half, hidden in a lambda.</summary>
public static class Back
{
    public static int Height(int storeys)
    {
        Func<int, int> below = storey => storey == 0 ? 0 : Left.Front.Depth();
        return below(storeys);
    }
}
