//! Death at any instant, with the real ZeroClaw: its memory opens, is whole, and holds what it must.

use std::{collections::BTreeSet, time::Duration};

use libtenancy::{
    clock::{Clock, SystemClock},
    drivers::local::workloads::processes::{Pinned, descendants, start_ticks},
};
use services::doubles::llm;

use crate::{
    kill::chats::Dice,
    world::{MACHINE, Person},
    zeroclaw::{Zoo, remembered},
};

/// How many deaths.
const POINTS: usize = 30;

/// How often states are saved here.
const INTERVAL: Duration = Duration::from_secs(1);

/// What an upload, and a busy machine, may add to the interval.
const SLACK: Duration = Duration::from_secs(10);

/// What dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// The agent.
    Agent,
    /// Its agentd.
    Agentd,
    /// Everything, at one instant; the disk stays.
    Power,
    /// Everything, and the disk; archives are elsewhere.
    Machine,
}

fn text(number: usize) -> String {
    format!("message {number};")
}

/// SIGKILL to a process that is there now; nobody if it is not.
fn kill(pid: Option<u32>) {
    if let Some(pid) = pid
        && let Some(ticks) = start_ticks(pid)
        && let Some(process) = Pinned::started_at(pid, ticks)
    {
        process.kill();
    }
}

/// Whatever is written so far is answered.
async fn all_answered(zoo: &Zoo, person: &Person, written: usize) {
    let expected: Vec<String> = (1..=written).map(|number| llm::answer(&text(number))).collect();
    // A send that a death cut off may have been repeated: it is counted, and is no loss.
    let mut sent = written;
    let answers = loop {
        let mut answers = zoo.world.answers(person, sent).await;
        sent = answers.len();
        answers.dedup();
        match written.checked_sub(answers.len()) {
            None | Some(0) => break answers,
            Some(missing) => sent += missing,
        }
    };
    assert_eq!(answers, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs ZeroClaw: ZTM_TEST_ZEROCLAW"]
async fn whatever_dies_at_any_instant_a_memory_is_whole_and_lacks_no_more_than_was_said() {
    let _machine = MACHINE.lock().await;
    let mut dice = Dice::from_environment();
    eprintln!("ZTM_TEST_SEED={} reproduces the instants", dice.seed());
    let mut zoo = Zoo::open(&["--snapshot-interval", "1s"]).await;
    let person = zoo.world.person(1).await;
    let (mut written, mut lost, mut widest) = (0, BTreeSet::new(), Duration::ZERO);
    let clock = SystemClock::default();
    for point in 0..POINTS {
        let death = [Death::Agent, Death::Agentd, Death::Power, Death::Machine][point % 4];
        for _ in 0..3 + dice.below(4) {
            written += 1;
            zoo.world.write(&person, &text(written));
        }
        if death == Death::Machine {
            // What is said to be saved must be; and it must soon be said of what is answered now.
            all_answered(&zoo, &person, written).await;
            let before = clock.now();
            let saved = zoo.world.wait_for("it is saved", async || {
                let state = zoo.world.state(&person).await;
                let window = state.saved_until.map(|until| clock.now().since(until));
                widest = widest.max(window.unwrap_or_default());
                (state.saved_until >= Some(before)).then_some(())
            });
            tokio::time::timeout(INTERVAL + SLACK, saved).await.expect("no more than was said is at risk");
            let safe = written;
            for _ in 0..=dice.below(3) {
                written += 1;
                zoo.world.write(&person, &text(written));
            }
            tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
            let answered = zoo.world.answered(&person);
            zoo.world.lose_machine(&person).await;
            lost.extend(safe + 1..=written.min(answered + 1));
            zoo.world.up().await;
        } else {
            tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
            let agentd = zoo.world.home(&person).record().map(|record| record.pid);
            match death {
                Death::Agent => kill(agentd.and_then(|agentd| descendants(agentd).first().copied())),
                Death::Agentd => kill(agentd),
                Death::Power | Death::Machine => {
                    zoo.world.lose_power().await;
                    zoo.world.up().await;
                }
            }
        }
        // If all was answered before the death, this is what wakes it.
        written += 1;
        zoo.world.write(&person, &text(written));
        all_answered(&zoo, &person, written).await;
        let memory = remembered(&zoo.state(&person));
        for number in (1..=written).filter(|number| !lost.contains(number)) {
            assert!(
                memory.contains(&text(number)),
                "after {death:?} at {point}: {number} of {written} is forgotten: {memory:?}"
            );
        }
    }
    eprintln!(
        "{written} messages; at risk at most {widest:?} of {INTERVAL:?}; {} were written after the last archive",
        lost.len()
    );
    zoo.world.down().await;
}
