namespace MambaQuant.Quant.Quantization;

/// <summary>What GPTQ did to the weights of one module.</summary>
/// <param name="Damping">What was added to the diagonal, as a share of its mean.</param>
/// <param name="DeadInputs">Inputs that were zero throughout calibration; their weights are rounded to nearest.</param>
/// <param name="Loss">Σ e² = Tr(ΔW (Σ + damping) ΔWᵀ): the error that was minimised, over all rows.</param>
/// <param name="SqnrRounded">Output signal to noise of rounding to nearest, in decibels, over sampled rows.</param>
/// <param name="SqnrCompensated">Output signal to noise of GPTQ, in decibels, over the same rows.</param>
/// <remarks>Output signal to noise is 10·log10(Tr(W Σ Wᵀ) / Tr(ΔW Σ ΔWᵀ)), with the damped Σ; infinite where nothing was lost.</remarks>
public sealed record GptqReport(double Damping, int DeadInputs, double Loss, double SqnrRounded, double SqnrCompensated);
