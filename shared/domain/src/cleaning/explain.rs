//! One line per assignment, in Spanish: who, where, when and why.

use chrono::NaiveDate;

use crate::spanish::long_date;

use super::{
    availability::GapReason,
    instance::{Instance, Job, Place},
    plan::{Outcome, Plan},
};

/// A line per task of a plan, in the order of [`Instance::jobs`]. The plan is one for that instance.
pub fn explain(instance: &Instance, plan: &Plan) -> Vec<String> {
    let jobs = instance.jobs.iter().zip(&plan.outcomes);
    jobs.map(|(job, (_, outcome))| line(instance, job, *outcome)).collect()
}

fn line(instance: &Instance, job: &Job, outcome: Outcome) -> String {
    let house = &job.house;
    let arrival = arrival(job.arrival);
    match outcome {
        Outcome::Planned(place) => {
            let (name, date) = (name(instance, place), long_date(place.date).to_lowercase());
            format!("{name} limpia {house} el {date}: {}; {arrival}.", because(instance, job, place))
        }
        Outcome::Unplanned(reason) => {
            let why = match reason {
                GapReason::NoStaffAvailable => "no hay personal disponible esos días",
                GapReason::WeekendUnavailable => "nadie trabaja ese fin de semana",
                GapReason::CapacityExceeded => "todo el personal tiene ya otro trabajo esos días",
                GapReason::StaffOverload => "las casas más urgentes ocupan a todo el personal",
            };
            format!("{house} queda sin limpiar: {why}; {arrival}.")
        }
        Outcome::TooLate => format!("{house} queda sin limpiar: el siguiente huésped ya llegó."),
    }
}

fn name(instance: &Instance, place: Place) -> &str {
    let worker = instance.workers.iter().find(|worker| worker.person == place.person);
    worker.map_or("Alguien", |worker| worker.name.as_str())
}

fn because(instance: &Instance, job: &Job, place: Place) -> String {
    let first = job.departure.max(instance.first);
    match job.announced {
        Some(announced) if announced == place => return "sigue como se anunció".to_owned(),
        Some(announced) if announced.date != place.date => {
            let was = long_date(announced.date).to_lowercase();
            return format!("estaba anunciado para el {was} y hubo que moverlo");
        }
        Some(announced) => {
            let was = instance.workers.iter().find(|worker| worker.person == announced.person);
            let was = was.map_or("otra persona", |worker| worker.name.as_str());
            return format!("estaba anunciado con {was} y hubo que cambiarlo");
        }
        None => {}
    }
    if place.date > first {
        match (place.date - first).num_days() {
            1 => "se pospone un día para repartir el trabajo".to_owned(),
            days => format!("se pospone {days} días para repartir el trabajo"),
        }
    } else if job.departure < instance.first {
        "quedó pendiente de días anteriores".to_owned()
    } else {
        "ese día sale el huésped".to_owned()
    }
}

fn arrival(arrival: Option<NaiveDate>) -> String {
    match arrival {
        Some(arrival) => format!("el siguiente llega el {}", long_date(arrival).to_lowercase()),
        None => "aún no hay siguiente reserva".to_owned(),
    }
}
