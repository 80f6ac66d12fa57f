//! What machines cost: a table of on-demand prices with its source and its date.
//!
//! One is built in; another one is a file of the same form (`ztm admin prices` asks AWS for it), and takes its place whole, so that
//! every price that is shown has the one source that is shown.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// The built-in table: EC2's bare metal.
const BUILT_IN: &str = include_str!("ec2-metal-prices.csv");

/// The line that names the columns.
const COLUMNS: &str = "region,instance_type,usd_per_hour";

/// On-demand prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Whose these are, and of when.
    pub source: String,
    /// Millionths of a US dollar an hour, by region and kind of machine.
    pub by_kind: BTreeMap<(String, String), u64>,
}

impl Prices {
    /// Those that ztm was built with.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("the built-in table is tested")
    }

    /// The price of a kind of machine, in millionths of a US dollar an hour; `None` if it is not in the table.
    pub fn on_demand(&self, region: &str, instance_type: &str) -> Option<u64> {
        self.by_kind.get(&(region.to_owned(), instance_type.to_owned())).copied()
    }

    /// Reads a table: `# source`, the names of the columns, and a line for each price. `Invalid` with the line that is
    /// wrong: a price that is no positive number, or another one for the same kind.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |line: usize, why: &str| Error::invalid("prices", format!("line {}: {why}", line + 1));
        let mut lines = text.lines().enumerate();
        let source = lines.next().and_then(|(_, line)| line.strip_prefix('#')).map(str::trim).unwrap_or_default();
        if source.is_empty() {
            return Err(wrong(0, "it must say whose prices these are, and of when: `# source, date`"));
        }
        if lines.next().is_none_or(|(_, line)| line.trim() != COLUMNS) {
            return Err(wrong(1, &format!("it must name the columns: `{COLUMNS}`")));
        }
        let mut by_kind = BTreeMap::new();
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let [region, instance_type, usd] = fields[..] else {
                return Err(wrong(number, "it must have three fields"));
            };
            if region.is_empty() || instance_type.is_empty() {
                return Err(wrong(number, "it names no region or no kind of machine"));
            }
            let micros = micros(usd).filter(|micros| *micros > 0);
            let micros = micros.ok_or_else(|| wrong(number, &format!("`{usd}` is no price in US dollars an hour")))?;
            let kind = (region.to_owned(), instance_type.to_owned());
            if by_kind.insert(kind, micros).is_some_and(|other| other != micros) {
                return Err(wrong(number, &format!("{instance_type} in {region} has another price above")));
            }
        }
        if by_kind.is_empty() {
            return Err(wrong(2, "there is no price"));
        }
        Ok(Self { source: source.to_owned(), by_kind })
    }

    /// The table as [`Prices::parse`] reads it.
    pub fn to_csv(&self) -> String {
        let lines = self.by_kind.iter().map(|((region, instance_type), micros)| {
            format!("{region},{instance_type},{}.{:06}\n", micros / 1_000_000, micros % 1_000_000)
        });
        format!("# {}\n{COLUMNS}\n{}", self.source.replace('\n', " "), lines.collect::<String>())
    }
}

/// `5.4400` in millionths; what is finer is cut off. `None` if it is no number, or negative.
pub(crate) fn micros(decimal: &str) -> Option<u64> {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    if !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = &part[..part.len().min(6)];
    let scale = 10_u64.pow(6 - u32::try_from(part.len()).ok()?);
    let part: u64 = if part.is_empty() { 0 } else { part.parse().ok()? };
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(part * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_built_in_table_is_a_price() {
        let prices = Prices::built_in();
        assert!(prices.by_kind.len() > 60, "{}", prices.by_kind.len());
        assert!(prices.by_kind.values().all(|micros| (100_000..200_000_000).contains(micros)), "{prices:?}");
        assert!(prices.source.contains("2026"), "{}", prices.source);
        assert_eq!(prices.on_demand("us-east-1", "c6i.metal"), Some(5_440_000));
    }

    #[test]
    fn a_table_that_is_written_is_read_again() {
        let prices = Prices::built_in();
        assert_eq!(Prices::parse(&prices.to_csv()).unwrap(), prices);
    }

    #[test]
    fn what_is_wrong_in_a_table_is_named_with_its_line() {
        let head = "# mine, 2026-11-29\nregion,instance_type,usd_per_hour\n";
        for (text, says) in [
            ("", "line 1"),
            ("region,instance_type,usd_per_hour\n", "line 1"),
            ("# mine\nregion,type\n", "line 2"),
            (head, "line 3: there is no price"),
            (&format!("{head}eu-west-1,c6i.metal\n"), "line 3: it must have three fields"),
            (&format!("{head}eu-west-1,c6i.metal,1\n\neu-west-1,,2\n"), "line 5: it names no"),
            (&format!("{head}eu-west-1,c6i.metal,0\n"), "line 3: `0` is no price"),
            (&format!("{head}eu-west-1,c6i.metal,-1\n"), "`-1` is no price"),
            (&format!("{head}eu-west-1,c6i.metal,NaN\n"), "`NaN` is no price"),
            (
                &format!("{head}eu-west-1,c6i.metal,1\neu-west-1,c6i.metal,2\n"),
                "line 4: c6i.metal in eu-west-1 has another",
            ),
        ] {
            let error = Prices::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_decimal_is_exact_to_the_millionth() {
        assert_eq!(
            (micros("40"), micros("0.0000015"), micros("5.4400000000")),
            (Some(40_000_000), Some(1), Some(5_440_000))
        );
        assert_eq!(
            (micros("x"), micros("1.x"), micros(""), micros("1.\u{e9}\u{e9}\u{e9}\u{e9}")),
            (None, None, None, None)
        );
    }
}
