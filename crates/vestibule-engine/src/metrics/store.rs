//! What a store tells of itself, as metrics.

use std::sync::Arc;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use vestibule_store::figures::{Failing, Figures};

use super::label::Label as _;
use super::timed::StoreTimed;

/// Enters a store's figures into `registry`.
pub fn register(figures: &Arc<Figures>, registry: &mut Registry) {
    registry.register_with_unit(
        "vestibule_store",
        "How long the store took to answer, its queue included, by kind of work",
        Unit::Seconds,
        StoreTimed(Arc::clone(figures)),
    );
    registry.register(
        "vestibule_store_failures",
        "Work that the store could not do, by why: full, not to be reached, not to be read, or otherwise",
        Failures(Arc::clone(figures)),
    );
    registry.register(
        "vestibule_store_commits",
        "Commits; each holds all transitions that waited together",
        Read(Arc::clone(figures), MetricType::Counter, Figures::commits),
    );
    registry.register(
        "vestibule_store_waiting",
        "Transitions and reads whose answer is waited for",
        Read(Arc::clone(figures), MetricType::Gauge, Figures::waiting),
    );
}

/// One figure, read when it is asked for.
#[derive(Debug)]
struct Read(Arc<Figures>, MetricType, fn(&Figures) -> u64);

impl EncodeMetric for Read {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
        let value = (self.2)(&self.0);
        match self.1 {
            MetricType::Counter => encoder.encode_counter::<NoLabelSet, _, u64>(&value, None),
            _ => encoder.encode_gauge(&value),
        }
    }

    fn metric_type(&self) -> MetricType {
        self.1
    }
}

#[derive(Debug)]
struct Failures(Arc<Figures>);

impl EncodeMetric for Failures {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
        for how in Failing::ALL {
            let label = [(Failing::NAME, how.value())];
            let mut each = encoder.encode_family(&label)?;
            each.encode_counter::<NoLabelSet, _, u64>(&self.0.failures(how), None)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}
