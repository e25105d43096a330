namespace MambaQuant.Reports;

/// <summary>What the tables of the scheduling report show, in words.</summary>
internal static class SchedulingWords
{
    /// <summary>Of the large job.</summary>
    public const string Large = """
        What it shows (written by hand on the figures of one run):

        - Where computing is what takes time (`here`), 256 workers compute about 95 % of the time with W4A8, which is above the aim, and about 87 % with W8A8, which is below it. It is not the plan's fixed parts: workers that are all equally fast would reach 96 %. There are as many shards as workers; the blocks of a shard follow each other, so a pass lasts as long as its slowest chain of four blocks: standard deviation √(10²/4 + 3²) = 6 %, the slowest of 256 about 16 % behind the mean. With W4A8 the second moments are items of their own, which fill the gaps. Twice as many shards bring W8A8 to 88 % in four blocks and 93 % in eight (below); the rule does not choose them because every shard of a recipe with GPTQ may have to store its second moments (8.5 GB with 2.8b), and the grid must not depend on the scheme, else two schemes would share no first pass.
        - On accelerators the job is short, and what does not shrink with workers counts: every node reads the weights, the pools and ranges of all shards are merged, one item writes the checkpoint, and the search waits for the rotation, which waits for the last shard. On T4 that is some 30 s of 148. 256 H100 have 11 s to compute each: for this job 64 are many.
        - W4A8 on accelerators is bound by the store: 256 shards write 2.2 TB of second moments through 25 GB/s. Fewer shards are better there (below: two fifths of the time with a quarter of the shards).
        - 1,024 workers are no faster than 256 with 256 shards, and where the store is the limit they are slower: the later ones only share its rate.
        - What made it better: a candidate of the search counts half a forward pass, as measured, in place of one and a half (with the first figure 256 equally fast workers were idle 9 % of the time, now 3 %: a search starts when the rotation is there, and there is one for each layer); four blocks in place of one, so that a chain's differences average out and a lost node loses a quarter; four blocks in place of sixteen for small jobs, whose boundaries cost more than they gave (512 × 512 tokens on 8 H100: 67 s before, 37 s now).


        """;

    /// <summary>Of grids set by hand.</summary>
    public const string ByHand = """
        The plan's grid stands between the two: it prices a byte through the store at 2,500 operations, whatever the cluster. A cluster whose ratio is far from that is better served by `--blocks` and `--shards`, and `mambaquant simulate` tells by how much.


        """;

    /// <summary>Of lost nodes.</summary>
    public const string Losses = """
        What it shows (written by hand on the figures of one run): a lost node costs more than its share, because with as many shards as workers somebody has to run a second chain behind his own. What was done is not lost: blocks that were finished are in the store, and within a block every few layers. Replacing nodes takes back most of it where a job is long beside the two and a half minutes that it takes. On H100 with W4A8 fewer workers can even be faster: they share a store that is the limit.


        """;

    /// <summary>Of the small job.</summary>
    public const string Small = """
        What it shows (written by hand on the figures of one run): 8 workers pay, as many as there are shards; up to there the speed-up is nearly even. Behind that only the search (64 items) and, with GPTQ, the second moments have more for others to do: 16 pay on T4 with W4A8. An H100 alone does the job in minutes, half of which are transfers; 8 to 32 of them pay, the later ones with W4A8, whose second moments are items of their own.

        """;
}
