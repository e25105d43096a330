using System.Text;
using MambaQuant.Quant.Datasets;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Datasets;

public sealed class TextFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void PlainText_IsOneDocumentAsItStands()
    {
        string path = _directory.Write("a.txt", "\u00fcber\r\n\u2028 \ud83d\ude00\n"u8);
        TextFile text = TextFile.Read(path);
        Assert.Equal("a.txt", text.Name);
        Assert.Equal(["\u00fcber\r\n\u2028 \ud83d\ude00\n"], text.Documents);
    }

    [Fact]
    public void ByteOrderMark_IsNoText() =>
        Assert.Equal(["x\ufeff"], TextFile.Read(_directory.Write("a.txt", [0xEF, 0xBB, 0xBF, (byte)'x', 0xEF, 0xBB, 0xBF])).Documents);

    [Fact]
    public void JsonLines_GiveOneDocumentEach()
    {
        string path = _directory.Write("a.jsonl", Encoding.UTF8.GetBytes("{\"text\":\"one\\n\",\"content\":\"x\"}\r\n\n{\"id\":1,\"content\":\"two\u2028\"}\n{\"text\":null,\"content\":\"\"}\n"));
        Assert.Equal(["one\n", "two\u2028", ""], TextFile.Read(path).Documents);
    }

    [Theory]
    [InlineData("{\"text\":\"a\"}\n{\"text\":1}", "line 2: expected a JSON object with a text field")]
    [InlineData("{\"text\":\"a\"}\n\n[1]", "line 3: expected a JSON object with a text field")]
    [InlineData("{\"other\":\"a\"}", "line 1: expected a JSON object with a text field")]
    [InlineData("{\"text\":\"a\"", "line 1: expected one JSON object")]
    [InlineData("{\"text\":\"a\"} x", "line 1: expected one JSON object")]
    [InlineData("{\"text\":\"a\",\"text\":\"b\"}", "line 1: expected one JSON object")]
    [InlineData("{\"text\":\"\\ud800\"}", "line 1: expected one JSON object")]
    [InlineData("{\"text\":\"  \"}", "is empty")]
    [InlineData("\n\n", "is empty")]
    [InlineData("", "is empty")]
    public void WrongLine_IsNamed(string content, string expected) => AssertRefused("a.jsonl", Encoding.UTF8.GetBytes(content), expected);

    [Fact]
    public void EmptyFile_IsRefused()
    {
        AssertRefused("a.txt", [], "is empty: expected text, found 0 bytes.");
        AssertRefused("a.txt", [0xEF, 0xBB, 0xBF], "is empty: expected text, found 3 bytes.");
        AssertRefused("a.txt", " \n\t "u8.ToArray(), "is empty: expected text, found 4 bytes of whitespace");
    }

    [Theory]
    [InlineData(new byte[] { 0x61, 0xFF, 0x62 }, "0xff at offset 1")]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, 0x61, 0x80 }, "0x80 at offset 4")]
    [InlineData(new byte[] { 0x61, 0x62, 0xC3 }, "0xc3 at offset 2")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "0xed at offset 0")]
    [InlineData(new byte[] { 0x61, 0xC0, 0x80 }, "0xc0 at offset 1")]
    public void BadByte_IsNamedWithItsOffset(byte[] content, string expected)
    {
        AssertRefused("a.txt", content, expected);
        AssertRefused("a.jsonl", content, expected);
    }

    [Fact]
    public void MissingFile_IsAnIOException() => Assert.ThrowsAny<IOException>(() => TextFile.Read(_directory.File("absent")));

    public void Dispose() => _directory.Dispose();

    private void AssertRefused(string name, byte[] content, string expected)
    {
        string message = Assert.Throws<InvalidTextException>(() => TextFile.Read(_directory.Write(name, content))).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(name, message, StringComparison.Ordinal);
    }
}
