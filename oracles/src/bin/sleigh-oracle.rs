//! Ghidra's own translator behind a pipe: bytes in, P-code out.
//!
//! The reference keeps context in one map for all addresses and dies on some inputs. So each request runs in a forked
//! child: a fresh copy every time, and a crash is an answer like any other.
//!
//! All numbers are little-endian.
//!
//! ```text
//! start     → spaces u8, then each: length u8, name
//! request   kind u8 = 1 (lift), address u64, byte count u32, bytes, offset count u32, offsets u32…
//! answer    → for each offset: 0 length u32, ops u32, ops…  |  1 refused  |  2 the reference crashed
//!             op = opcode u8, inputs u8, output present u8, [output], inputs…; varnode = space u8, offset u64, size u32
//! request   kind u8 = 2 (time), rounds u32, then as above
//! answer    → nanoseconds u64, instructions translated u64
//! ```

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::fd::FromRawFd;
use std::time::Instant;
use std::{env, fs};

use libsla_sys::cxx::{CxxVector, UniquePtr, let_cxx_string};
use libsla_sys::{api, rust, sys};

fn main() -> io::Result<()> {
    let mut args = env::args().skip(1);
    let (Some(sla), Some(pspec)) = (args.next(), args.next()) else {
        return Err(io::Error::other("usage: sleigh-oracle SLA PSPEC"));
    };
    let reference = Reference::load(&fs::read(sla)?, &fs::read_to_string(pspec)?)?;
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    reference.write_spaces(&mut output)?;
    output.flush()?;
    while let Some(request) = Request::read(&mut input)? {
        match request.rounds {
            None => lift_in_children(&reference, &request, &mut output)?,
            Some(rounds) => time(&reference, &request, rounds, &mut output)?,
        }
        output.flush()?;
    }
    Ok(())
}

struct Request {
    rounds: Option<u32>,
    address: u64,
    bytes: Vec<u8>,
    offsets: Vec<u32>,
}

impl Request {
    fn read(input: &mut impl Read) -> io::Result<Option<Self>> {
        let mut kind = [0];
        if input.read(&mut kind)? == 0 {
            return Ok(None);
        }
        let rounds = if kind[0] == 2 { Some(read_u32(input)?) } else { None };
        let mut address = [0; 8];
        input.read_exact(&mut address)?;
        let mut bytes = vec![0; read_u32(input)? as usize];
        input.read_exact(&mut bytes)?;
        let count = read_u32(input)?;
        let offsets = (0..count).map(|_| read_u32(input)).collect::<io::Result<_>>()?;
        Ok(Some(Self { rounds, address: u64::from_le_bytes(address), bytes, offsets }))
    }
}

fn read_u32(input: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Answers each offset; a child that dies costs the offset it died on, and the next child goes on behind it.
fn lift_in_children(reference: &Reference, request: &Request, output: &mut impl Write) -> io::Result<()> {
    let mut done = 0;
    while done < request.offsets.len() {
        let answers = in_child(|pipe| {
            for &offset in &request.offsets[done..] {
                let answer = reference.lift(request, offset);
                pipe.write_all(&(answer.len() as u32).to_le_bytes())?;
                pipe.write_all(&answer)?;
                // A crash must not take finished answers with it.
                pipe.flush()?;
            }
            Ok(())
        })?;
        let mut rest = answers.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let Some((answer, after)) = after.split_at_checked(u32::from_le_bytes(*length) as usize) else { break };
            output.write_all(answer)?;
            rest = after;
            done += 1;
        }
        if done < request.offsets.len() {
            output.write_all(&[2])?;
            done += 1;
        }
    }
    Ok(())
}

/// Runs `work` in a forked child and returns what it wrote before it ended, in whatever way.
fn in_child(work: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors.
    if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both descriptors were just created and are owned by nobody else.
    let (mut reader, writer) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
    // SAFETY: this process has one thread, so the child may go on with everything it inherits.
    let child = unsafe { libc::fork() };
    if child < 0 {
        return Err(io::Error::last_os_error());
    }
    if child == 0 {
        drop(reader);
        let mut pipe = BufWriter::with_capacity(1 << 16, writer);
        let ended = work(&mut pipe).and_then(|()| pipe.flush());
        // SAFETY: ends the child without running the parent's destructors.
        unsafe { libc::_exit(i32::from(ended.is_err())) };
    }
    drop(writer);
    let mut answers = Vec::new();
    reader.read_to_end(&mut answers)?;
    let mut status = 0;
    // SAFETY: `child` is ours and `status` a valid place.
    unsafe { libc::waitpid(child, &mut status, 0) };
    Ok(answers)
}

fn time(reference: &Reference, request: &Request, rounds: u32, output: &mut impl Write) -> io::Result<()> {
    let answer = in_child(|pipe| {
        let mut translated = 0_u64;
        let start = Instant::now();
        for _ in 0..rounds {
            for &offset in &request.offsets {
                translated += u64::from(reference.translate(request, offset, &mut Count(0)).is_some());
            }
        }
        let nanoseconds = start.elapsed().as_nanos() as u64;
        pipe.write_all(&nanoseconds.to_le_bytes())?;
        pipe.write_all(&translated.to_le_bytes())
    })?;
    output.write_all(&if answer.len() == 16 { answer } else { vec![0; 16] })
}

struct Reference {
    sleigh: UniquePtr<sys::SleighProxy>,
    names: Vec<String>,
}

impl Reference {
    fn load(sla: &[u8], pspec: &str) -> io::Result<Self> {
        sys::initialize_element_id();
        sys::initialize_attribute_id();
        let mut store = sys::new_document_storage();
        let_cxx_string!(pspec = pspec);
        sys::parse_document_and_register_root(store.pin_mut(), &pspec).map_err(io::Error::other)?;
        let mut sleigh = sys::new_sleigh(sys::new_context_internal());
        let_cxx_string!(sla = sla);
        sleigh.pin_mut().initialize_from_sla(&sla).map_err(io::Error::other)?;
        sleigh.pin_mut().parse_processor_config(&store).map_err(io::Error::other)?;
        // SAFETY: the library returns valid spaces for indices below its count.
        let name = |i| unsafe { (*sleigh.address_space(i)).name().to_string() };
        let names = (0..sleigh.num_spaces()).map(name).collect();
        Ok(Self { sleigh, names })
    }

    fn write_spaces(&self, output: &mut impl Write) -> io::Result<()> {
        output.write_all(&[self.names.len() as u8])?;
        for name in &self.names {
            output.write_all(&[name.len() as u8])?;
            output.write_all(name.as_bytes())?;
        }
        Ok(())
    }

    fn lift(&self, request: &Request, offset: u32) -> Vec<u8> {
        let mut ops = Ops { reference: self, count: 0, bytes: Vec::new() };
        let Some(length) = self.translate(request, offset, &mut ops) else { return vec![1] };
        let mut answer = vec![0];
        answer.extend(length.to_le_bytes());
        answer.extend(ops.count.to_le_bytes());
        answer.extend(ops.bytes);
        answer
    }

    /// Length of the instruction at `offset`; none if refused, or if it reaches behind the request's bytes.
    fn translate(&self, request: &Request, offset: u32, emit: &mut dyn api::PcodeEmit) -> Option<u32> {
        let address = request.address + u64::from(offset);
        // SAFETY: the space comes from the same library instance.
        let address = unsafe { sys::new_address(self.sleigh.default_code_space(), address) };
        let image = rust::RustLoadImage(request);
        let mut emit = rust::RustPcodeEmit(emit);
        let length = self.sleigh.disassemble_pcode(&image, &mut emit, &address).ok()?;
        let length = u32::try_from(length).ok()?;
        (u64::from(offset) + u64::from(length) <= request.bytes.len() as u64).then_some(length)
    }

    fn write_varnode(&self, varnode: &sys::VarnodeData, out: &mut Vec<u8>) {
        let address = sys::varnode_address(varnode);
        // SAFETY: the space of a varnode that the library hands out is valid.
        let name = unsafe { (*address.address_space()).name() };
        let space = self.names.iter().position(|n| name == n.as_str()).unwrap_or(255);
        out.push(space as u8);
        out.extend(address.offset().to_le_bytes());
        out.extend(sys::varnode_size(varnode).to_le_bytes());
    }
}

impl api::LoadImage for Request {
    fn load_fill(&self, data: &mut [u8], address: &sys::Address) -> Result<(), String> {
        let from = address.offset().wrapping_sub(self.address) as usize;
        for (i, byte) in data.iter_mut().enumerate() {
            *byte = from.checked_add(i).and_then(|at| self.bytes.get(at)).copied().unwrap_or(0);
        }
        Ok(())
    }
}

struct Ops<'a> {
    reference: &'a Reference,
    count: u32,
    bytes: Vec<u8>,
}

impl api::PcodeEmit for Ops<'_> {
    fn dump(
        &mut self,
        _: &sys::Address,
        opcode: sys::OpCode,
        output: Option<&sys::VarnodeData>,
        inputs: &CxxVector<sys::VarnodeData>,
    ) {
        self.count += 1;
        self.bytes.extend([opcode.repr as u8, inputs.len() as u8, u8::from(output.is_some())]);
        output.into_iter().chain(inputs).for_each(|v| self.reference.write_varnode(v, &mut self.bytes));
    }
}

/// For timing: as little work as a caller can do.
struct Count(u64);

impl api::PcodeEmit for Count {
    fn dump(&mut self, _: &sys::Address, _: sys::OpCode, _: Option<&sys::VarnodeData>, _: &CxxVector<sys::VarnodeData>) {
        self.0 += 1;
    }
}
