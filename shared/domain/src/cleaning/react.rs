//! What follows at once from a change of bookings or people: run by the outbox after an approval, a cancellation, a late
//! check-out or a day off (contract 10 §4.1 with defects 7, 9 and 13 of §8). The nightly plan may improve on it.

use std::{cmp::Reverse, collections::BTreeSet};

use chrono::NaiveDate;

use crate::{ids::TaskId, reservation::Reservation};

use super::{
    availability::Roster,
    departures::{Change, Cleaning, apply, wanted},
    person::StaffMember,
    placing::{Gap, Placement, place},
    priority::next_check_in,
    task::WorkTask,
};

/// Brings the tasks up to date with bookings and people, and returns the gaps to be written.
///
/// Each departure gets its cleaning ([`wanted`]). Whoever can no longer do what they were assigned is released, and new
/// and released cleanings are placed one by one, the most urgent first ([`place`]). Everything else stays as announced.
/// Run twice, it changes nothing the second time. What found no place waits for the plan.
pub fn react(
    stays: &[Reservation],
    people: &[StaffMember],
    tasks: &mut Vec<WorkTask>,
    today: NaiveDate,
    mut new_id: impl FnMut(&Cleaning) -> TaskId,
) -> Vec<Gap> {
    let changes = wanted(stays, tasks, today);
    let before: BTreeSet<TaskId> = tasks.iter().map(|task| task.id).collect();
    apply(tasks, &changes, &mut new_id);
    let updated = changes.iter().filter_map(|change| match change {
        Change::Update(id, _) => Some(*id),
        Change::Create(_) | Change::Cancel(_) => None,
    });
    let updated: BTreeSet<TaskId> = updated.collect();
    let mut waiting: BTreeSet<TaskId> = updated.clone();
    waiting.extend(tasks.iter().map(|task| task.id).filter(|id| !before.contains(id)));
    // Of those booked beyond what one can do the least urgent goes first, and what was assigned by hand last.
    let held = tasks.iter().enumerate().filter(|(_, task)| task.open() && task.person.is_some());
    let held = held.filter(|(_, task)| task.date >= today);
    let mut held: Vec<_> = held
        .map(|(number, task)| {
            (task.by_hand, task.priority, Reverse(task.departure), Reverse(task.id), number)
        })
        .collect();
    held.sort_unstable();
    for number in held.into_iter().map(|(.., number)| number) {
        let (task, roster) = (&tasks[number], Roster { people, tasks });
        // Whoever assigns by hand may go beyond the rules of capacity, as long as the task stays what it was.
        let stays =
            if task.by_hand && !updated.contains(&task.id) { roster.works(task) } else { roster.keeps(task) };
        if !stays {
            waiting.insert(task.id);
            // An open task is always released.
            let _ = tasks[number].release();
        }
    }
    let gaps = settle(stays, people, tasks, today, &waiting);
    // A deferred task is rated by its new day (rule P).
    apply(tasks, &wanted(stays, tasks, today), new_id);
    gaps
}

/// Places those of `waiting` that have nobody.
fn settle(
    stays: &[Reservation],
    people: &[StaffMember],
    tasks: &mut [WorkTask],
    today: NaiveDate,
    waiting: &BTreeSet<TaskId>,
) -> Vec<Gap> {
    let mut order: Vec<_> = tasks
        .iter()
        .filter(|task| task.open() && task.person.is_none() && waiting.contains(&task.id))
        .map(|task| (Reverse(task.priority), task.departure, task.id))
        .collect();
    order.sort_unstable();
    let mut gaps = Vec::new();
    for (_, _, id) in order {
        let Some(task) = tasks.iter().find(|task| task.id == id) else { continue };
        let next = next_check_in(stays, task.house, task.departure.unwrap_or(task.date));
        let placement: Placement = place(Roster { people, tasks }, task, next, today);
        gaps.extend(placement.gap(task));
        placement.write(tasks, id);
    }
    gaps
}
