//! How long things take, as histograms that are counted without a lock.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use vestibule_store::figures::{Figures, Histogram, Work};

/// One histogram.
#[derive(Debug, Clone)]
pub(super) struct Timed(Arc<Histogram>);

impl Timed {
    pub(super) fn new(bounds: &'static [Duration]) -> Self {
        Self(Arc::new(Histogram::new(bounds)))
    }

    pub(super) fn count(&self, took: Duration) {
        self.0.count(took);
    }
}

impl EncodeMetric for Timed {
    fn encode(&self, encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
        write(&self.0, encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// How long a store takes, by kind of work.
#[derive(Debug)]
pub(super) struct StoreTimed(pub(super) Arc<Figures>);

impl EncodeMetric for StoreTimed {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
        for (work, name) in [(Work::Transition, "transition"), (Work::Read, "read")] {
            write(self.0.took(work), encoder.encode_family(&[("work", name)])?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

fn write(histogram: &Histogram, mut encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
    let buckets: Vec<(f64, u64)> = histogram
        .counts()
        // The last one's bound is written as `+Inf`.
        .map(|(bound, count)| {
            (
                bound.map_or(f64::INFINITY, |bound| bound.as_secs_f64()),
                count,
            )
        })
        .collect();
    let count = buckets.iter().map(|(_, count)| count).sum();
    let sum = histogram.sum().as_secs_f64();
    encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
}
