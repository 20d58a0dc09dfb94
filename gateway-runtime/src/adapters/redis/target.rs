//! Addresses: one Redis, the master that sentinels name, or a Redis Cluster.

use std::sync::Arc;

use super::bus::BusOptions;
use super::driver::client::ClientDriver;
use super::driver::{Driver, DriverError};
use super::error::RedisConnectError;

/// Where Redis is.
#[derive(Clone, PartialEq, Eq)]
enum Place<'u> {
    One(&'u str),
    /// The sentinels' addresses, the name of the master, the rest of the address.
    Sentinels {
        scheme: &'static str,
        credentials: &'u str,
        hosts: Vec<&'u str>,
        master: &'u str,
        rest: &'u str,
    },
    Cluster {
        scheme: &'static str,
        credentials: &'u str,
        hosts: Vec<&'u str>,
        rest: &'u str,
    },
}

/// The driver for an address, and the address as it may be printed.
pub(super) fn driver(
    url: &str,
    options: &BusOptions,
) -> Result<(Arc<dyn Driver>, String), RedisConnectError> {
    let address = printable(url);
    let driver = parse(url).and_then(|place| open(&place, options));
    match driver {
        Ok(driver) => Ok((driver, address)),
        Err(error) => Err(RedisConnectError::new(&address, error)),
    }
}

fn open(place: &Place<'_>, options: &BusOptions) -> Result<Arc<dyn Driver>, DriverError> {
    match place {
        Place::One(url) => Ok(Arc::new(ClientDriver::new(url, options.timeout, &options.certificates)?)),
        Place::Sentinels { scheme, credentials, hosts, master, rest } => {
            let urls = hosts.iter().map(|host| format!("{scheme}://{host}{rest}"));
            // The host is the one that the sentinels name; user, password and database are those of the address.
            let node = format!("{scheme}://{credentials}localhost{rest}");
            sentinel(urls.collect(), master, &node, options)
        }
        Place::Cluster { scheme, credentials, hosts, rest } => cluster(
            hosts.iter().map(|host| format!("{scheme}://{credentials}{host}{rest}")).collect(),
            options,
        ),
    }
}

fn parse(url: &str) -> Result<Place<'_>, DriverError> {
    let invalid = |text: &str| DriverError::Invalid(text.to_owned());
    let (scheme, address) = url.split_once("://").ok_or_else(|| {
        invalid("an address begins with redis://, rediss://, redis+sentinel://, redis+cluster:// or redis+unix://")
    })?;
    let Some((plain, kind @ ("sentinel" | "cluster"))) = scheme.split_once('+') else {
        return Ok(Place::One(url));
    };
    let scheme = match plain {
        "redis" | "valkey" => "redis",
        "rediss" | "valkeys" => "rediss",
        _ => return Err(invalid("the scheme is redis or rediss, before the plus sign")),
    };
    let path_at = address.find(['/', '?']).unwrap_or(address.len());
    let (authority, rest) = address.split_at(path_at);
    // A password may hold an at sign.
    let hosts_at = authority.rfind('@').map_or(0, |at| at + 1);
    let (credentials, hosts) = authority.split_at(hosts_at);
    let hosts: Vec<_> = hosts.split(',').filter(|host| !host.is_empty()).collect();
    if hosts.is_empty() {
        return Err(invalid("no host is named"));
    }
    if kind == "cluster" {
        return Ok(Place::Cluster { scheme, credentials, hosts, rest });
    }
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let master_ends = rest.find(['/', '?']).unwrap_or(rest.len());
    let (master, rest) = rest.split_at(master_ends);
    if master.is_empty() {
        return Err(invalid("name the master: redis+sentinel://host:26379,host:26379/mymaster"));
    }
    Ok(Place::Sentinels { scheme, credentials, hosts, master, rest })
}

#[cfg(feature = "redis-sentinel")]
fn sentinel(
    urls: Vec<String>,
    master: &str,
    node: &str,
    options: &BusOptions,
) -> Result<Arc<dyn Driver>, DriverError> {
    let BusOptions { timeout, certificates, .. } = options;
    Ok(Arc::new(super::driver::sentinel::SentinelDriver::new(urls, master, node, *timeout, certificates)?))
}

#[cfg(not(feature = "redis-sentinel"))]
fn sentinel(_: Vec<String>, _: &str, _: &str, _: &BusOptions) -> Result<Arc<dyn Driver>, DriverError> {
    Err(missing("redis-sentinel"))
}

#[cfg(feature = "redis-cluster")]
fn cluster(urls: Vec<String>, options: &BusOptions) -> Result<Arc<dyn Driver>, DriverError> {
    let BusOptions { timeout, certificates, .. } = options;
    Ok(Arc::new(super::driver::cluster::ClusterDriver::new(urls, *timeout, certificates)?))
}

#[cfg(not(feature = "redis-cluster"))]
fn cluster(_: Vec<String>, _: &BusOptions) -> Result<Arc<dyn Driver>, DriverError> {
    Err(missing("redis-cluster"))
}

#[cfg(not(all(feature = "redis-sentinel", feature = "redis-cluster")))]
fn missing(feature: &str) -> DriverError {
    DriverError::Invalid(format!("it needs the feature `{feature}` of gateway-runtime"))
}

/// The address without user, password and parameters.
fn printable(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "(no address)".into() };
    let rest = rest.split('?').next().unwrap_or_default();
    let rest = rest.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert!(matches!(parse("redis://localhost"), Ok(Place::One("redis://localhost"))));
        assert!(matches!(parse("redis+unix:///run/redis.sock"), Ok(Place::One(_))));
        let Ok(Place::Sentinels { scheme, credentials, hosts, master, rest }) =
            parse("rediss+sentinel://u:p@ss@a:1,b:2/mymaster/3?x=y")
        else {
            panic!("sentinels")
        };
        assert_eq!((scheme, credentials, hosts), ("rediss", "u:p@ss@", vec!["a:1", "b:2"]));
        assert_eq!((master, rest), ("mymaster", "/3?x=y"));
        let Ok(Place::Cluster { hosts, rest, .. }) = parse("redis+cluster://a:1,b:2") else {
            panic!("cluster")
        };
        assert_eq!((hosts, rest), (vec!["a:1", "b:2"], ""));
        for wrong in ["localhost:6379", "redis+sentinel://a:1", "http+cluster://a", "redis+cluster://"] {
            assert!(matches!(parse(wrong), Err(DriverError::Invalid(_))), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_not_printed() {
        for url in ["redis://:SECRET@h:1/2", "rediss+sentinel://u:SEC@RET@a,b/m?password=SECRET", "SECRET"] {
            assert!(!printable(url).contains("SEC"), "{}", printable(url));
        }
        assert_eq!(printable("redis://:x@h:1/2"), "redis://h:1/2");
    }
}
