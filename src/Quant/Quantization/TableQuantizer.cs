using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>Quantizes a table of one row per token (embeddings, head) in chunks of rows, so that it never stands in memory in fp32.</summary>
/// <remarks>A row's codes do not depend on the chunk it came in.</remarks>
internal sealed class TableQuantizer : IDisposable
{
    private readonly IKernels _kernels;
    private readonly string _module;
    private readonly QuantizationArgs _args;
    private readonly Gptq? _gptq;
    private readonly Tensor _codes;
    private readonly Tensor _scales;
    private readonly Tensor? _zeroPoints;
    private readonly int _groupSize;
    private readonly List<(int Rows, GptqReport Report)> _gptqReports = [];
    private bool _isHandedOver;
    private double _signal;
    private double _noise;
    private int _filled;

    /// <summary>Prepares an empty table.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="module">Module name, for messages.</param>
    /// <param name="shape">[V, d].</param>
    /// <param name="args">How rows are quantized: by channel or group.</param>
    /// <param name="gptq">Compensates errors, or null; not owned.</param>
    public TableQuantizer(IKernels kernels, string module, Shape shape, QuantizationArgs args, Gptq? gptq)
    {
        _kernels = kernels;
        _module = module;
        _args = args;
        _gptq = gptq;
        _groupSize = WeightQuantizer.GroupSize(args, shape.Columns);
        Shape scaleShape = WeightStorage.ScaleShape(args, shape);
        _codes = kernels.Allocate(DType.I8, shape);
        _scales = kernels.Allocate(DType.F32, scaleShape);
        _zeroPoints = args.Symmetric ? null : kernels.Allocate(DType.I32, scaleShape);
    }

    /// <summary>Quantizes the next rows.</summary>
    /// <param name="rows">[rows, d] F32; they stay as they are.</param>
    public void Add(Tensor rows)
    {
        int count = rows.Shape[0];
        (WeightCodes chunk, GptqReport? report) = _gptq is null
            ? (WeightQuantizer.Round(_kernels, rows, _args), null)
            : _gptq.Quantize(rows, _args);
        using (chunk)
        {
            Put(chunk.Codes, _codes, count);
            Put(chunk.Scales, _scales, count);
            if (_zeroPoints is not null)
            {
                Put(chunk.ZeroPoints!, _zeroPoints, count);
            }

            (double signal, double noise) = WeightQuantizer.SignalAndNoise(_kernels, rows, chunk);
            _signal += signal;
            _noise += noise;
        }

        if (report is not null)
        {
            _gptqReports.Add((count, report));
        }

        _filled += count;
    }

    /// <summary>The whole table.</summary>
    /// <returns>Codes that the caller disposes, and what was lost.</returns>
    /// <exception cref="ArgumentException">Rows are missing.</exception>
    public (WeightCodes Codes, WeightQuantizationReport Report) Complete()
    {
        if (_filled != _codes.Shape[0])
        {
            throw new ArgumentException($"{_module}: {_codes.Shape[0]} rows are expected, found {_filled}");
        }

        _isHandedOver = true;
        var codes = new WeightCodes(_codes, _scales, _zeroPoints, _args.Grid, _groupSize);
        float[] scales = _kernels.ToArray<float>(_scales);
        return (codes, new WeightQuantizationReport(_module, _args)
        {
            SmallestScale = scales.Min(),
            LargestScale = scales.Max(),
            Sqnr = Decibels.OfRatio(_signal, _noise),
            Bytes = WeightStorage.Bytes(_args, codes.Codes.Shape),
            Gptq = Combined(),
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isHandedOver)
        {
            _codes.Dispose();
            _scales.Dispose();
            _zeroPoints?.Dispose();
        }
    }

    // Losses add up; decibels of the chunks are averaged by rows, which is close enough for a report.
    private GptqReport? Combined()
    {
        if (_gptqReports.Count == 0)
        {
            return null;
        }

        double Mean(Func<GptqReport, double> value) => _gptqReports.Sum(chunk => chunk.Rows * value(chunk.Report)) / _filled;
        return _gptqReports[0].Report with
        {
            Loss = _gptqReports.Sum(chunk => chunk.Report.Loss),
            SqnrRounded = Mean(report => report.SqnrRounded),
            SqnrCompensated = Mean(report => report.SqnrCompensated),
        };
    }

    private void Put(Tensor part, Tensor whole, int count)
    {
        using Tensor place = _kernels.Rows(whole, _filled, count);
        _kernels.Copy(part, place);
    }
}
