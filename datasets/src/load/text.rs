//! HTML, as people write it in posts, to plain text that reads well.

use scraper::{Html, Node};

/// HTML beyond this many bytes is not read: no post is as long.
pub const HTML_BYTES_MAX: usize = 256 * 1024;

/// HTML beyond this many tags is not read: building a tree from deeper nesting takes time that grows with its square.
const HTML_TAGS_MAX: usize = 4096;

/// The plain text of HTML: paragraphs and list entries on lines of their own, code as it stands, `x^2` and `x_2` for raised
/// and lowered text, the description of an image in brackets, scripts and styles left out. TeX between dollars is text
/// and stays.
///
/// ```
/// use anklang_datasets::load::text_of_html;
///
/// assert_eq!(text_of_html("<p>Is 2<sup>n</sup> &gt; n?</p>\n<ul><li>yes</li><li><b>no</b></li></ul>"), "Is 2^n > n?\n\n- yes\n- no");
/// ```
#[must_use]
pub fn text_of_html(html: &str) -> String {
    let html = &html[..html.floor_char_boundary(HTML_BYTES_MAX)];
    let html = html.match_indices('<').nth(HTML_TAGS_MAX).map_or(html, |(end, _)| &html[..end]);
    if !html.contains(['<', '&']) {
        return html.trim().to_owned();
    }
    let document = Html::parse_fragment(html);
    let mut writer = Writer::default();
    let mut node = document.tree.root();
    // Depth first without recursion: a post may nest as deep as it likes.
    loop {
        let enter = writer.open(node.value());
        if let Some(child) = node.first_child().filter(|_| enter) {
            node = child;
            continue;
        }
        loop {
            writer.close(node.value());
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            let Some(parent) = node.parent() else { return writer.finish() };
            node = parent;
        }
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Line breaks owed before the next text.
    breaks: usize,
    /// A space owed before the next text.
    space: bool,
    /// How many `pre` we are in.
    preformatted: usize,
    /// Lists we are in: the number of the next entry, or none for bullets.
    lists: Vec<Option<usize>>,
}

impl Writer {
    /// Begins a node; false if what is inside it is not to be read.
    fn open(&mut self, node: &Node) -> bool {
        if let Some(text) = node.as_text() {
            if self.preformatted > 0 {
                self.verbatim(text)
            } else {
                self.flowing(text)
            }
            return true;
        }
        let Some(element) = node.as_element() else { return true };
        match element.name() {
            "script" | "style" | "template" | "noscript" => return false,
            "br" => self.breaks = (self.breaks + 1).min(2),
            "img" => {
                if let Some(alt) = element.attr("alt").map(str::trim).filter(|alt| !alt.is_empty()) {
                    self.flowing(&format!(" [{alt}] "));
                }
            }
            "sup" => self.mark('^'),
            "sub" => self.mark('_'),
            "ul" | "ol" => {
                self.break_lines(if self.lists.is_empty() { 2 } else { 1 });
                self.lists.push((element.name() == "ol").then_some(1));
            }
            "li" => self.entry(),
            "td" | "th" => self.space = true,
            "pre" => {
                self.break_lines(2);
                self.preformatted += 1;
            }
            name => self.break_lines(self.breaks_around(name)),
        }
        true
    }

    fn close(&mut self, node: &Node) {
        let Some(element) = node.as_element() else { return };
        match element.name() {
            "ul" | "ol" => {
                self.lists.pop();
                self.break_lines(if self.lists.is_empty() { 2 } else { 1 });
            }
            "li" => self.break_lines(1),
            "pre" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.break_lines(2);
            }
            name => self.break_lines(self.breaks_around(name)),
        }
    }

    /// Line breaks before and after an element; 0 for what flows with its text.
    fn breaks_around(&self, name: &str) -> usize {
        match name {
            "p" | "blockquote" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" | "table" | "dl" | "figure" => {
                if self.lists.is_empty() { 2 } else { 1 }
            }
            "div" | "tr" | "dt" | "dd" | "section" | "article" | "details" | "summary" => 1,
            _ => 0,
        }
    }

    fn entry(&mut self) {
        self.break_lines(1);
        self.settle();
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(4));
        self.out.push_str(&indent);
        if let Some(Some(number)) = self.lists.last_mut() {
            self.out.push_str(&format!("{number}. "));
            *number += 1;
        } else {
            self.out.push_str("- ");
        }
        // A paragraph within an entry begins on the entry's own line.
        self.breaks = 0;
    }

    fn mark(&mut self, mark: char) {
        self.settle();
        if !self.out.is_empty() {
            self.out.push(mark);
        }
    }

    fn break_lines(&mut self, count: usize) {
        if !self.out.ends_with("- ") && !self.out.ends_with(". ") {
            self.breaks = self.breaks.max(count);
        }
    }

    /// Writes what is owed.
    fn settle(&mut self) {
        let (breaks, space) = (std::mem::take(&mut self.breaks), std::mem::take(&mut self.space));
        if self.out.is_empty() {
            return;
        }
        if breaks > 0 {
            self.out.truncate(self.out.trim_end().len());
            self.out.extend(std::iter::repeat_n('\n', breaks));
        } else if space && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
    }

    fn flowing(&mut self, text: &str) {
        self.space |= text.starts_with(|c: char| c.is_whitespace());
        for word in text.split_whitespace() {
            self.settle();
            self.out.push_str(word);
            self.space = true;
        }
        if !text.ends_with(|c: char| c.is_whitespace()) {
            self.space &= text.trim().is_empty();
        }
    }

    fn verbatim(&mut self, text: &str) {
        self.settle();
        self.out.push_str(text);
    }

    fn finish(self) -> String {
        // NUL and its like have no place in text that is shown and stored; line breaks and tabs stay.
        let clean = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        self.out.trim().chars().filter(clean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_read_well() {
        for (html, text) in [
            ("plain  text", "plain  text"),
            ("<p>One<br>two</p>\n\n<p>three &amp; <em>four</em>.</p>", "One\ntwo\n\nthree & four."),
            ("<p>Use <code>x &lt; 3</code>, ok</p>", "Use x < 3, ok"),
            ("<pre><code>a:\n    b = 1\n</code></pre><p>so</p>", "a:\n    b = 1\n\nso"),
            ("<ol><li><p>a</p></li><li>b<ul><li>c</li></ul></li></ol>d", "1. a\n2. b\n  - c\n\nd"),
            ("<p>$\\frac{1}{\\sqrt 2} &lt; 1$</p>", "$\\frac{1}{\\sqrt 2} < 1$"),
            ("see <img src='x' alt='a cat'> there<script>alert(1)</script>", "see [a cat] there"),
            ("H<sub>2</sub>O", "H_2O"),
            ("<b>un</b>closed <i>tags <p>and</p> &#8212; &nbsp;dash", "unclosed tags\n\nand\n\n— dash"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ] {
            assert_eq!(text_of_html(html), text, "{html}");
        }
    }

    #[test]
    fn depth_and_length_do_no_harm() {
        assert_eq!(text_of_html(&("<div>".repeat(2_000) + "x")), "x");
        assert_eq!(text_of_html(&("x".to_owned() + &"<div>".repeat(50_000) + "y")), "x");
        assert!(text_of_html(&"é".repeat(HTML_BYTES_MAX)).len() <= HTML_BYTES_MAX);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(html in "(<[a-z]{1,4}>|</[a-z]{1,4}>|&[a-z]{0,3};?|<li>|<pre>|[a-zé <>&\n]){0,40}") {
            let text = text_of_html(&html);
            proptest::prop_assert_eq!(text.trim(), text.as_str());
        }
    }
}
