//! The VFS that SQLite sees: it asks the disk before each call, and hands the call to SQLite's own VFS.
//!
//! All that is unsafe in this workspace stands here, and follows from two facts:
//!
//! - SQLite calls the functions of a VFS as its documentation says: with the VFS that was registered, with files that
//!   its `xOpen` opened and its `xClose` did not close yet, and with room for what they answer.
//! - A file is an [`Opened`] with the file of the VFS below right behind it: `szOsFile` asks for the room of both.
//!
//! So each function hands on what it was handed, but for the file, which it replaces with the one behind.

#![expect(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    reason = "SQLite takes a VFS as C functions; the head of this file says once why each call is sound"
)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{ptr, slice};

use rusqlite::ffi::{self, SQLITE_IOERR, SQLITE_OK, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};

use crate::log::Op;
use crate::{Call, Disk};

/// What the VFS keeps for itself: it is never freed, as the VFS is never taken away.
struct Own {
    below: *mut sqlite3_vfs,
    disk: Disk,
}

/// An open file. That of the VFS below stands behind it.
#[repr(C)]
struct Opened {
    base: sqlite3_file,
    own: *mut OwnFile,
}

struct OwnFile {
    disk: Disk,
    /// Its name in its folder; none of a file for the moment, which nothing has to outlive.
    name: Option<Arc<str>>,
    /// Whether its folder is waited for with it, the next time.
    with_folder: AtomicBool,
}

/// What SQLite can do with an open file. It maps no files: version 3 could.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Gives SQLite the VFS of a disk.
pub(crate) fn register(name: &str, disk: &Disk) -> Result<(), i32> {
    let name = CString::new(name).map_err(|_| ffi::SQLITE_MISUSE)?;
    let below = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
    // What is not replaced looks at nothing of the VFS that it is called with.
    let Some(mut vfs) = (unsafe { below.as_ref() }).copied() else { return Err(SQLITE_IOERR) };
    let room = c_int::try_from(size_of::<Opened>()).map_err(|_| ffi::SQLITE_MISUSE)?;
    vfs.szOsFile += room;
    vfs.pNext = ptr::null_mut();
    vfs.zName = name.into_raw();
    vfs.pAppData = Box::into_raw(Box::new(Own { below, disk: disk.clone() })).cast();
    vfs.xOpen = Some(open);
    vfs.xDelete = Some(delete);
    vfs.xAccess = Some(access);
    vfs.xFullPathname = Some(full_pathname);
    match unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0) } {
        SQLITE_OK => Ok(()),
        code => Err(code),
    }
}

/// Calls a function of the VFS or the file below.
macro_rules! below {
    ($table:expr, $function:ident($($argument:expr),*)) => {
        match unsafe { (*$table).$function } {
            Some(call) => unsafe { call($($argument),*) },
            None => SQLITE_IOERR,
        }
    };
}

/// Answers with the refusal of the disk, if it refuses.
macro_rules! ask {
    ($disk:expr, $call:expr) => {
        if let Some(code) = $disk.refusal($call) {
            return code;
        }
    };
}

fn own<'v>(vfs: *mut sqlite3_vfs) -> &'v Own {
    unsafe { &*(*vfs).pAppData.cast::<Own>() }
}

/// What we know of a file, the file below, and what can be done with that.
fn parts<'f>(
    file: *mut sqlite3_file,
) -> (&'f OwnFile, *mut sqlite3_file, *const sqlite3_io_methods) {
    let opened = file.cast::<Opened>();
    unsafe {
        let below = opened.add(1).cast::<sqlite3_file>();
        (&*(*opened).own, below, (*below).pMethods)
    }
}

/// The name of a file in its folder.
fn name_of(path: *const c_char) -> Option<Arc<str>> {
    if path.is_null() {
        return None;
    }
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    Some(Path::new(path).file_name()?.to_str()?.into())
}

// ── The VFS ──────────────────────────────────────────────────────────────────────────────────────

extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let Own { below, disk } = own(vfs);
    let opened = file.cast::<Opened>();
    // What has no functions is not closed again.
    unsafe { (*opened).base.pMethods = ptr::null() };
    let creates = flags & ffi::SQLITE_OPEN_CREATE != 0;
    ask!(disk, Call::Open { creates });
    let behind = unsafe { opened.add(1).cast::<sqlite3_file>() };
    let code = below!(*below, xOpen(*below, path, behind, flags, out_flags));
    if code != SQLITE_OK {
        return code;
    }
    let name = name_of(path).filter(|_| flags & ffi::SQLITE_OPEN_DELETEONCLOSE == 0);
    if let Some(name) = name.clone().filter(|_| creates) {
        disk.did(|| Op::Open(name));
    }
    let journals =
        ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;
    let with_folder = AtomicBool::new(creates && flags & journals != 0);
    let own = Box::new(OwnFile { disk: disk.clone(), name, with_folder });
    unsafe {
        (*opened).own = Box::into_raw(own);
        (*opened).base.pMethods = &raw const METHODS;
    }
    SQLITE_OK
}

extern "C" fn delete(vfs: *mut sqlite3_vfs, path: *const c_char, with_folder: c_int) -> c_int {
    let Own { below, disk } = own(vfs);
    ask!(disk, Call::Delete);
    let code = below!(*below, xDelete(*below, path, 0));
    if code == SQLITE_OK
        && let Some(name) = name_of(path)
    {
        disk.did(|| Op::Delete(name, with_folder != 0));
    }
    code
}

extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let Own { below, disk } = own(vfs);
    ask!(disk, Call::Access);
    below!(*below, xAccess(*below, path, flags, out))
}

extern "C" fn full_pathname(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    let below = own(vfs).below;
    below!(below, xFullPathname(below, path, room, out))
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────

extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let (_, behind, methods) = parts(file);
    let code = below!(methods, xClose(behind));
    // SQLite is done with the file, whatever the answer.
    drop(unsafe { Box::from_raw((*file.cast::<Opened>()).own) });
    code
}

extern "C" fn read(file: *mut sqlite3_file, to: *mut c_void, count: c_int, at: i64) -> c_int {
    let (own, behind, methods) = parts(file);
    ask!(own.disk, Call::Read);
    below!(methods, xRead(behind, to, count, at))
}

extern "C" fn write(file: *mut sqlite3_file, from: *const c_void, count: c_int, at: i64) -> c_int {
    let (own, behind, methods) = parts(file);
    let refusal = own.disk.refusal(Call::Write);
    // A write that fails has written something, mostly.
    let count = if refusal.is_some() { count / 2 } else { count };
    let code = below!(methods, xWrite(behind, from, count, at));
    if code == SQLITE_OK
        && let Some(name) = &own.name
        && let (Ok(at), Ok(count)) = (usize::try_from(at), usize::try_from(count))
    {
        let bytes = unsafe { slice::from_raw_parts(from.cast::<u8>(), count) };
        own.disk.did(|| Op::Write(Arc::clone(name), at, bytes.to_vec()));
    }
    refusal.unwrap_or(code)
}

extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    let (own, behind, methods) = parts(file);
    ask!(own.disk, Call::Truncate);
    let code = below!(methods, xTruncate(behind, size));
    if code == SQLITE_OK
        && let Some(name) = &own.name
        && let Ok(size) = usize::try_from(size)
    {
        own.disk.did(|| Op::Size(Arc::clone(name), size));
    }
    code
}

extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    let (own, ..) = parts(file);
    let refusal = own.disk.refusal(Call::Sync);
    if let Some(name) = &own.name {
        let name = Arc::clone(name);
        let op = || match refusal {
            Some(_) => Op::FailedSync(name),
            None => Op::Sync(name, own.with_folder.swap(false, Ordering::Relaxed)),
        };
        own.disk.did(op);
    }
    refusal.unwrap_or(SQLITE_OK)
}

extern "C" fn file_size(file: *mut sqlite3_file, out: *mut i64) -> c_int {
    let (own, behind, methods) = parts(file);
    ask!(own.disk, Call::Size);
    below!(methods, xFileSize(behind, out))
}

extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    let (own, behind, methods) = parts(file);
    ask!(own.disk, Call::Lock);
    below!(methods, xLock(behind, level))
}

extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    let (_, behind, methods) = parts(file);
    below!(methods, xUnlock(behind, level))
}

extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    let (own, behind, methods) = parts(file);
    ask!(own.disk, Call::Lock);
    below!(methods, xCheckReservedLock(behind, out))
}

extern "C" fn file_control(file: *mut sqlite3_file, what: c_int, with: *mut c_void) -> c_int {
    let (_, behind, methods) = parts(file);
    below!(methods, xFileControl(behind, what, with))
}

extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    let (_, behind, methods) = parts(file);
    below!(methods, xSectorSize(behind))
}

extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    let (_, behind, methods) = parts(file);
    below!(methods, xDeviceCharacteristics(behind))
}

// ── What the connections of a log share ──────────────────────────────────────────────────────────

extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    size: c_int,
    extends: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let (own, behind, methods) = parts(file);
    ask!(own.disk, Call::Map);
    below!(methods, xShmMap(behind, region, size, extends, out))
}

extern "C" fn shm_lock(file: *mut sqlite3_file, at: c_int, count: c_int, flags: c_int) -> c_int {
    let (own, behind, methods) = parts(file);
    // Nothing waits for the disk to give a lock up.
    if flags & ffi::SQLITE_SHM_LOCK != 0 {
        ask!(own.disk, Call::LogLock);
    }
    below!(methods, xShmLock(behind, at, count, flags))
}

extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    let (_, behind, methods) = parts(file);
    if let Some(call) = unsafe { (*methods).xShmBarrier } {
        unsafe { call(behind) };
    }
}

extern "C" fn shm_unmap(file: *mut sqlite3_file, deletes: c_int) -> c_int {
    let (_, behind, methods) = parts(file);
    below!(methods, xShmUnmap(behind, deletes))
}
