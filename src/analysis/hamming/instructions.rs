//! The fastest instructions that the machine has, found at run time.

/// Instructions that count the bits of eight words at once, which no level of x86-64 has.
#[cfg(target_arch = "x86_64")]
mod wide {
    pulp::simd_type! {
        pub struct Wide {
            pub avx2: "avx2",
            pub bmi1: "bmi1",
            pub bmi2: "bmi2",
            pub lzcnt: "lzcnt",
            pub popcnt: "popcnt",
            pub avx512f: "avx512f",
            pub avx512bw: "avx512bw",
            pub avx512dq: "avx512dq",
            pub avx512vl: "avx512vl",
            pub avx512vpopcntdq: "avx512vpopcntdq",
        }
    }
}

/// A set of instructions; every machine has one.
#[derive(Clone, Copy)]
pub enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Wide(wide::Wide),
    Level(pulp::Arch),
}

impl Instructions {
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(wide) = wide::Wide::try_new() {
            return Self::Wide(wide);
        }
        Self::Level(pulp::Arch::new())
    }

    /// Does the work, compiled for these instructions as far as it is inlined. A closure is not: write
    /// a type whose `call` is `#[inline(always)]`.
    pub fn run<T: pulp::NullaryFnOnce>(self, work: T) -> T::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Wide(wide) => wide.vectorize(work),
            Self::Level(arch) => arch.dispatch(work),
        }
    }
}
