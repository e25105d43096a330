namespace MambaQuant.Quant.Tokenization;

/// <summary>What a checked tokenizer.json says.</summary>
/// <param name="Vocabulary">Token, written in byte symbols, to id; ids are unique and not negative.</param>
/// <param name="Merges">The merges, first learnt first; every part and result is in the vocabulary.</param>
/// <param name="AddedTokens">The tokens found before the text is cut into words, by id.</param>
/// <param name="Composes">Whether text is brought to normalization form C first.</param>
/// <param name="AddsPrefixSpace">Whether text that does not begin with a blank gets one.</param>
/// <param name="SplitsWords">Whether text is cut into words; else each stretch between added tokens is one word.</param>
/// <param name="IgnoresMerges">Whether a word that is a token is that token, whatever the merges would give.</param>
internal sealed record TokenizerDefinition(
    Dictionary<string, int> Vocabulary,
    List<TokenMerge> Merges,
    List<AddedToken> AddedTokens,
    bool Composes,
    bool AddsPrefixSpace,
    bool SplitsWords,
    bool IgnoresMerges);
