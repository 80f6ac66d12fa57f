//! What was spent and granted in a period, for a budget that begins within it.
//!
//! An account counts one period, its budget's. Where the budget gets another one, what was spent in that is read from the
//! ledger; work goes on meanwhile. So each reading says what the account counted at the last row that it knows, and the step
//! that sets the budget adds what the account has counted since: no use is left out, and none is counted twice.

use crate::{
    credits::{MAX_AMOUNT, MicroCredits},
    error::{Error, Result},
    ledger::{Row, RowKind},
};

/// The latest period that is one: of days, in the year 5,000,000 and more.
const MAX_PERIOD: i64 = i32::MAX as i64;

/// What was spent and granted in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The period's number (`Period::at`); 0 without a budget.
    pub period: i64,
    /// Spent; from nothing to [`MAX_AMOUNT`].
    pub spent: MicroCredits,
    /// Granted, and not taken back; from nothing to [`MAX_AMOUNT`].
    pub granted: MicroCredits,
}

/// What a budget begins with that is set within its period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoFar {
    /// What was spent and granted in the budget's period, as the ledger has it.
    pub ledger: Count,
    /// What the account counted of its own period when the ledger was so.
    pub account: Count,
}

impl SoFar {
    /// With one more row of the ledger, which is of the period. What a tenant of the same name left behind is nobody's.
    pub(crate) fn count(&mut self, row: &Row) {
        let Count { period, spent, granted } = self.ledger;
        self.ledger = match row.kind {
            RowKind::Close => Count { period, ..Count::default() },
            RowKind::Grant => Count { granted: bounded(granted + row.deltas.granted), ..self.ledger },
            RowKind::Settle | RowKind::Reclaim => {
                Count { spent: bounded(spent + row.deltas.spent - row.deltas.adjusted), ..self.ledger }
            }
            _ => self.ledger,
        };
    }

    /// What was spent and granted in a period until the account counts `counted`. Nothing is known of a period that began
    /// after the reading.
    #[must_use]
    pub fn until(self, counted: Count, period: i64) -> Count {
        if self.ledger.period != period {
            return Count { period, ..Count::default() };
        }
        // Of a period that began since, the account counts nothing that the ledger had.
        let before = if counted.period == self.account.period { self.account } else { Count::default() };
        Count {
            period,
            spent: bounded(self.ledger.spent + counted.spent - before.spent),
            granted: bounded(self.ledger.granted + counted.granted - before.granted),
        }
    }

    /// `Invalid` if a number of it is out of bounds.
    pub(crate) fn check(self) -> Result<()> {
        for Count { period, spent, granted } in [self.ledger, self.account] {
            if !(0..=MAX_PERIOD).contains(&period) {
                return Err(Error::invalid("so_far", format!("{period} is the number of no period")));
            }
            spent.bounded("so_far", MicroCredits::ZERO, MAX_AMOUNT)?;
            granted.bounded("so_far", MicroCredits::ZERO, MAX_AMOUNT)?;
        }
        Ok(())
    }
}

fn bounded(amount: MicroCredits) -> MicroCredits {
    amount.clamp(MicroCredits::ZERO, MAX_AMOUNT)
}
