//! A chart of costs by size as SVG, both axes by powers of ten: what grows in proportion rises by one for each step to the
//! right, what is flat does not rise.

#![expect(clippy::float_arithmetic, reason = "a picture counts no money")]

use std::fmt::Write;

/// What one thing cost at each size, in nanoseconds.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(u64, u64)>,
}

const WIDTH: f64 = 980.0;
const HEIGHT: f64 = 560.0;
const LEFT: f64 = 70.0;
/// Names stand to the right of the lines' ends.
const RIGHT: f64 = 400.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 50.0;
const NAME_HEIGHT: f64 = 15.0;
const COLOURS: [&str; 8] = ["#1b6ca8", "#c0392b", "#1e8449", "#7d3c98", "#b9770e", "#117a65", "#5d6d7e", "#a04000"];

pub(super) fn svg(lines: &[Line]) -> String {
    let all = || lines.iter().flat_map(|line| &line.points);
    let (least, most) = (floor(all().map(|point| point.1).min()), floor(all().map(|point| point.1).max()) + 1.0);
    let (from, to) = (log(all().map(|point| point.0).min()), log(all().map(|point| point.0).max()));
    let x = |size: u64| LEFT + (log(Some(size)) - from) / (to - from).max(1.0) * (WIDTH - LEFT - RIGHT);
    let y = |nanos: u64| HEIGHT - BOTTOM - (log(Some(nanos)) - least) / (most - least) * (HEIGHT - TOP - BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let mut power = least;
    while power <= most {
        let at = HEIGHT - BOTTOM - (power - least) / (most - least) * (HEIGHT - TOP - BOTTOM);
        line(&mut out, (LEFT, at), (WIDTH - RIGHT, at), "#ddd");
        text(&mut out, (LEFT - 8.0, at + 4.0), "end", "#333", &unit(power));
        power += 1.0;
    }
    let mut sizes: Vec<u64> = all().map(|point| point.0).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for size in sizes {
        line(&mut out, (x(size), TOP), (x(size), HEIGHT - BOTTOM), "#ddd");
        let name = format!("{} orders", crate::compare::report::number(size));
        text(&mut out, (x(size), HEIGHT - BOTTOM + 20.0), "middle", "#333", &name);
    }
    // Names from below, each with room.
    let mut ends: Vec<(f64, usize)> =
        lines.iter().enumerate().filter_map(|(at, line)| Some((y(line.points.last()?.1), at))).collect();
    ends.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut below = HEIGHT;
    for (end, at) in ends {
        let Line { name, points } = &lines[at];
        let colour = COLOURS[at % COLOURS.len()];
        let path: Vec<String> = points.iter().map(|&(size, nanos)| format!("{:.1},{:.1}", x(size), y(nanos))).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
        below = end.min(below - NAME_HEIGHT);
        line(&mut out, (WIDTH - RIGHT, end), (WIDTH - RIGHT + 18.0, below), colour);
        text(&mut out, (WIDTH - RIGHT + 22.0, below + 4.0), "start", colour, name);
    }
    out + "</svg>\n"
}

fn log(value: Option<u64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
    let value = value.unwrap_or(1).max(1) as f64;
    value.log10()
}

fn floor(value: Option<u64>) -> f64 {
    log(value).floor()
}

/// Ten to this power nanoseconds.
fn unit(power: f64) -> String {
    let (name, below) = [("ns", 0.0), ("µs", 3.0), ("ms", 6.0), ("s", 9.0)]
        .into_iter()
        .rfind(|(_, from)| power >= *from)
        .unwrap_or(("ns", 0.0));
    format!("{} {name}", 10_f64.powf(power - below))
}

fn line(out: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(out, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>");
}

fn text(out: &mut String, (x, y): (f64, f64), anchor: &str, colour: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_flat_does_not_rise_and_every_line_is_named() {
        let line = |name: &str, costs: [u64; 3]| Line {
            name: name.into(),
            points: [100_000, 1_000_000, 10_000_000].into_iter().zip(costs).collect(),
        };
        let svg = svg(&[line("flat", [1_500; 3]), line("a < b & c", [1_000, 10_000, 100_000])]);
        let path = |at: usize| {
            let points = svg.split("points=\"").nth(at).unwrap().split('"').next().unwrap();
            let heights = points.split(' ').map(|point| point.split_once(',').unwrap().1.parse::<f64>().unwrap());
            heights.collect::<Vec<_>>()
        };
        assert!(svg.starts_with("<svg") && svg.contains(">flat<") && svg.contains(">a &lt; b &amp; c<"), "{svg}");
        assert!(svg.contains(">10 µs<") && svg.contains(">1,000,000 orders<"), "{svg}");
        let paths = [path(1), path(2)];
        let flat = paths.iter().find(|path| path.windows(2).all(|pair| pair[0] == pair[1]));
        let rising = paths.iter().find(|path| path.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(flat.is_some() && rising.is_some(), "{paths:?}");
    }
}
