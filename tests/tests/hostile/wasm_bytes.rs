//! WebAssembly by the byte: what no honest tool would write. (The binary format of core modules
//! and of components: a head of 8 bytes, then sections of an id, a length and content.)

/// Heads.
const MODULE: &[u8; 8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8; 8] = b"\0asm\x0d\0\x01\0";

/// Sections of a core module.
const TABLES: u8 = 4;
const MEMORIES: u8 = 5;
const DATA: u8 = 11;
/// Sections of a component.
const CORE_MODULE: u8 = 1;
const NESTED: u8 = 4;

/// A number in LEB128, without a sign.
fn leb(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(content.len() as u64), content].concat()
}

fn read_leb(bytes: &[u8], at: &mut usize) -> usize {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        number |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return number;
        }
    }
}

/// The same with every section's content changed.
fn changed(wasm: &[u8], mut change: impl FnMut(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut made = wasm[..8].to_vec();
    let mut at = 8;
    while at < wasm.len() {
        let id = wasm[at];
        at += 1;
        let length = read_leb(wasm, &mut at);
        made.extend(section(id, &change(id, &wasm[at..][..length])));
        at += length;
    }
    made
}

/// A component that has further core modules, which nobody makes instances of.
pub fn with_modules(component: &[u8], modules: &[Vec<u8>]) -> Vec<u8> {
    let more = modules
        .iter()
        .flat_map(|module| section(CORE_MODULE, module));
    component.iter().copied().chain(more).collect()
}

/// A component with components in one another within it.
pub fn with_nested(component: &[u8], depth: usize) -> Vec<u8> {
    // From the inside outwards, and written backwards: else each byte is copied `depth` times.
    let mut backwards: Vec<u8> = COMPONENT.iter().rev().copied().collect();
    for _ in 0..depth {
        let head = [&[NESTED][..], &leb(backwards.len() as u64)].concat();
        backwards.extend(head.iter().rev());
        backwards.extend(COMPONENT.iter().rev());
    }
    backwards.reverse();
    [component, &section(NESTED, &backwards)].concat()
}

/// A component whose own memory (or table) begins with so many pages (or entries).
fn with_smallest(component: &[u8], id: u8, smallest: u64) -> Vec<u8> {
    let mut found = 0;
    let made = changed(component, |outer, module| {
        if outer != CORE_MODULE {
            return module.to_vec();
        }
        changed(module, |inner, content| {
            if inner != id || found > 0 {
                return content.to_vec();
            }
            found += 1;
            assert_eq!(content[0], 1, "it has one");
            // The type of a table's entries comes before its limits.
            let kind = if id == TABLES { &content[1..2] } else { &[] };
            [&[1][..], kind, &[0], &leb(smallest)].concat()
        })
    });
    assert_eq!(found, 1, "there is one");
    made
}

/// A component that asks for so many pages of 64 KiB at once.
pub fn with_memory(component: &[u8], pages: u64) -> Vec<u8> {
    with_smallest(component, MEMORIES, pages)
}

/// A component that asks for so many entries of a table at once.
pub fn with_table(component: &[u8], entries: u64) -> Vec<u8> {
    with_smallest(component, TABLES, entries)
}

/// A core module with nothing in it.
pub fn empty_module() -> Vec<u8> {
    MODULE.to_vec()
}

/// A core module whose few bytes of data lie at both ends of four gigabytes.
pub fn sparse() -> Vec<u8> {
    let memory = section(MEMORIES, &[&[1, 0][..], &leb(65_536)].concat());
    // At an i32.const, whose number has a sign.
    let data = |at: &[u8]| [&[0, 0x41][..], at, &[0x0b, 1, b'x']].concat();
    let data = [&[2][..], &data(&[0]), &data(&[0x70])].concat();
    [&MODULE[..], &memory, &section(DATA, &data)].concat()
}
