//! A store that forgets its last writes: noticed, booked, and everything goes on.

use super::{histories::Play, *};
use crate::{ledger::Head, outbox};

#[test]
fn what_a_store_forgot_is_told_from_the_ledger_and_the_equation_holds_again() {
    for run in 0..6 {
        let mut play = Play::new(Dice::seeded(0x0051_7cc1 + run * 104_729));
        let mut copies: Vec<Partition> = Vec::new();
        let (mut forgot, mut lost_rows, mut seen) = (0, 0, 0);
        for step in 0..steps(1_500) {
            play.step();
            play.check();
            seen = seen.max(play.partition.position().1);
            if step % 11 == 0 {
                play.drain();
            }
            if step % 23 == 0 {
                copies.push(play.partition.clone());
            }
            if step % 97 == 96 {
                // The store comes back as it was some while ago.
                let back = usize::try_from(play.dice.roll(3)).unwrap();
                let older = copies[copies.len().saturating_sub(1 + back)].clone();
                if older.position().1 == seen {
                    continue;
                }
                forgot += 1;
                play.partition = older;
                copies.clear();
                lost_rows += recover(&mut play, seen);
                play.check();
                seen = play.partition.position().1;
                copies.push(play.partition.clone());
            }
        }
        play.settle_down();
        play.check();
        play.drain();
        let result = play.finish();
        assert!(forgot > 3, "{forgot}");
        assert_eq!(result.lost_rows, lost_rows);
    }
}

/// What the leader does; how many rows were lost.
fn recover(play: &mut Play, seen: u64) -> u64 {
    let position = play.partition.position();
    let head = play.rows.last().map_or_else(Head::default, |row| Head {
        incarnation: row.incarnation,
        seq: row.seq,
        hash: String::new(),
    });
    let behind: Vec<Row> = play.rows.iter().filter(|row| row.seq > position.1).cloned().collect();
    let plan = outbox::plan(position, &behind, &head, seen);
    assert!(plan.incarnation > position.0 && plan.incarnation > head.incarnation);
    play.partition.rollback(&plan, at(play.now));
    let again = play.partition.position();
    play.partition.rollback(&plan, at(play.now));
    assert_eq!(play.partition.position(), again, "a repeat does nothing");
    plan.seq - head.seq.max(position.1)
}
