using MambaQuant.Dashboard.Drawing;

namespace MambaQuant.Dashboard.Reports;

/// <summary>The frame of a page: head, style sheet, body. Nothing in it is fetched from anywhere.</summary>
internal static class PageFrame
{
    /// <summary>Writes a page.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="write">Writes what is in its body.</param>
    public static string Write(string title, Action<Markup> write)
    {
        var page = new Markup();
        page.Element("html", [("lang", "en")], html => html
            .Element("head", null, head => head
                .Element("meta", [("charset", "utf-8")])
                .Element("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
                .Element("meta", [("name", "color-scheme"), ("content", "light dark")])

                // A second lock behind the encoding: even a script that got in would not run.
                .Element("meta", [("http-equiv", "Content-Security-Policy"), ("content", "default-src 'none'; style-src 'unsafe-inline'")])
                .Text("title", title)
                .Style("reports/report.css"))
            .Element("body", null, body => body.Element("main", null, write)));
        return page.ToPage();
    }

    /// <summary>Writes a section.</summary>
    /// <param name="page">The page.</param>
    /// <param name="heading">Its heading.</param>
    /// <param name="write">Writes what is in it.</param>
    public static void Section(Markup page, string heading, Action<Markup> write) => page.Element("section", null, section =>
    {
        section.Text("h2", heading);
        write(section);
    });
}
