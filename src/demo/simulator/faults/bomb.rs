//! A gzip stream of 100 kB that inflates to 106 MB of zeros.
//!
//! One DEFLATE block (RFC 1951 §3.2.7) whose code spends a single zero bit on
//! "258 bytes more" and another on "one byte back": between a head and a tail
//! there is nothing but zeros.

const HEAD: [u8; 23] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xed, 0xc0, 0x81, 0x00, 0x00, 0x00,
    0x00, 0x80, 0xa0, 0xfd, 0xa9, 0x17, 0xa9,
];
const ZEROS: usize = 102_500;
/// The end of the block, CRC-32 and the length: 105,780,001.
const TAIL: [u8; 9] = [0x06, 0x86, 0xda, 0xfc, 0x78, 0x21, 0x13, 0x4e, 0x06];

pub fn gzip() -> Vec<u8> {
    [&HEAD[..], &vec![0; ZEROS], &TAIL].concat()
}
