//! Which RSA keys are fit for use.

/// Smallest and largest modulus that is ever taken, in bits.
const BITS: std::ops::RangeInclusive<usize> = LEAST..=8192;
/// Smallest modulus that a caller may choose to take, in bits.
pub const LEAST: usize = 2048;
/// Smallest modulus that is taken unless a caller says otherwise: 128 bits of security (ASVS 11.2.3).
pub const USUAL: usize = 3072;

/// Odd primes below 168: what the check for ROCA looks at.
const PRIMES: [u64; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// How many bits a modulus has (big-endian, no leading zeros).
pub fn bits(modulus: &[u8]) -> usize {
    let first = modulus.first().map_or(0, |first| first.leading_zeros());
    modulus.len() * 8 - first as usize
}

/// Whether modulus and exponent (big-endian, no leading zeros) may be trusted with a signature (RFC 8725 §3.5, FIPS 186-5 §5.1).
pub fn fit(modulus: &[u8], exponent: &[u8]) -> bool {
    let [first, ..] = modulus else { return false };
    if *first == 0 || exponent.first().is_none_or(|first| *first == 0) {
        return false;
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    // 65537 and above (FIPS 186-5 A.1.1), and small enough that a check stays cheap.
    let exponent_fits = matches!(exponent.len(), 3 | 4) && odd(exponent);
    BITS.contains(&bits(modulus)) && odd(modulus) && exponent_fits && !is_roca(modulus)
}

/// CVE-2017-15361: a modulus whose residues are all powers of 65537 was made by the broken generator.
fn is_roca(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| {
        let residue = modulus
            .iter()
            .fold(0, |rest: u64, byte| (rest * 256 + u64::from(*byte)) % prime);
        let mut power = 1;
        loop {
            if power == residue {
                return true;
            }
            power = power * 65537 % prime;
            if power == 1 {
                return false;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: TB08
    #[test]
    fn tb08_a_modulus_of_the_broken_generator_is_known() {
        // 65537 to some power, as a number: all its residues are powers of 65537.
        let mut number = vec![1_u8, 0, 1];
        for _ in 0..100 {
            let mut next = vec![0_u16; number.len() + 2];
            for (at, digit) in number.iter().enumerate() {
                next[at] += u16::from(*digit);
                next[at + 2] += u16::from(*digit);
            }
            let mut carry = 0;
            let mut carried: Vec<u8> = next
                .iter()
                .rev()
                .map(|digit| {
                    let sum = digit + carry;
                    carry = sum >> 8;
                    u8::try_from(sum & 0xff).unwrap()
                })
                .collect();
            carried.reverse();
            assert_eq!(carry, 0);
            number = carried;
        }
        assert!(is_roca(&number));
        *number.last_mut().unwrap() ^= 2;
        assert!(!is_roca(&number));
    }
}
