namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>A rectangle of fp64 numbers inside a matrix: where it starts and how far its rows and columns lie apart.</summary>
/// <remarks>It owns nothing; swapping the strides reads it transposed.</remarks>
/// <param name="data">The element in row 0 and column 0.</param>
/// <param name="rows">Number of rows.</param>
/// <param name="columns">Number of columns.</param>
/// <param name="rowStride">Elements from one row to the next.</param>
/// <param name="columnStride">Elements from one column to the next.</param>
internal readonly unsafe struct MatrixView(double* data, int rows, int columns, long rowStride, long columnStride)
{
    /// <summary>Views a dense row-major matrix.</summary>
    internal MatrixView(double* data, int rows, int columns)
        : this(data, rows, columns, columns, 1)
    {
    }

    /// <summary>The element in row 0 and column 0.</summary>
    internal double* Data { get; } = data;

    /// <summary>Number of rows.</summary>
    internal int Rows { get; } = rows;

    /// <summary>Number of columns.</summary>
    internal int Columns { get; } = columns;

    /// <summary>Elements from one row to the next.</summary>
    internal long RowStride { get; } = rowStride;

    /// <summary>Elements from one column to the next.</summary>
    internal long ColumnStride { get; } = columnStride;

    /// <summary>The same numbers with rows and columns exchanged.</summary>
    internal MatrixView Transposed => new(Data, Columns, Rows, ColumnStride, RowStride);

    /// <summary>The address of an element.</summary>
    internal double* At(int row, int column) => Data + (row * RowStride) + (column * ColumnStride);

    /// <summary>A rectangle inside this one.</summary>
    internal MatrixView Block(int row, int column, int rows, int columns) =>
        new(At(row, column), rows, columns, RowStride, ColumnStride);
}
