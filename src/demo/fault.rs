//! The faults that are planted, how often, and what each does to its sample.

use std::fmt;

use super::change::Picture;
use super::random::Stream;

/// What is wrong with a sample on purpose. The order is the order of the table in [`super`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The same bytes as another sample.
    IdenticalCopy,
    /// The same picture in another format or at another quality.
    ReencodedCopy,
    ResizedCopy,
    BrightnessCopy,
    MirroredCopy,
    RotatedCopy,
    /// A copy that lies in another split than its original.
    AcrossSplits,
    /// A copy that lies under another label than its original.
    TwoLabels,
    /// The label is not the letter that the picture shows.
    WrongLabel,
    /// The file lies in its split's folder, in no class.
    MissingLabel,
    Blurry,
    Dark,
    OverExposed,
    /// One tone, no letter.
    NearlyEmpty,
    /// Eight times as long as wide.
    OddShaped,
    /// Far smaller or larger than the rest.
    OddSized,
    /// No colour.
    Grey,
    /// The file ends early.
    Truncated,
    /// The file has no bytes.
    Empty,
    /// The content is PNG and the name says JPEG, or the other way round.
    Misnamed,
}

impl Fault {
    pub const ALL: [Self; 20] = [
        Self::IdenticalCopy,
        Self::ReencodedCopy,
        Self::ResizedCopy,
        Self::BrightnessCopy,
        Self::MirroredCopy,
        Self::RotatedCopy,
        Self::AcrossSplits,
        Self::TwoLabels,
        Self::WrongLabel,
        Self::MissingLabel,
        Self::Blurry,
        Self::Dark,
        Self::OverExposed,
        Self::NearlyEmpty,
        Self::OddShaped,
        Self::OddSized,
        Self::Grey,
        Self::Truncated,
        Self::Empty,
        Self::Misnamed,
    ];

    /// The word in `truth.csv`.
    pub fn name(self) -> &'static str {
        match self {
            Self::IdenticalCopy => "identical-copy",
            Self::ReencodedCopy => "reencoded-copy",
            Self::ResizedCopy => "resized-copy",
            Self::BrightnessCopy => "brightness-copy",
            Self::MirroredCopy => "mirrored-copy",
            Self::RotatedCopy => "rotated-copy",
            Self::AcrossSplits => "across-splits",
            Self::TwoLabels => "two-labels",
            Self::WrongLabel => "wrong-label",
            Self::MissingLabel => "missing-label",
            Self::Blurry => "blurry",
            Self::Dark => "dark",
            Self::OverExposed => "over-exposed",
            Self::NearlyEmpty => "nearly-empty",
            Self::OddShaped => "odd-shaped",
            Self::OddSized => "odd-sized",
            Self::Grey => "grey",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::Misnamed => "misnamed",
        }
    }

    /// How many of a thousand samples have it.
    pub fn per_mille(self) -> u32 {
        match self {
            Self::MissingLabel => 50,
            Self::WrongLabel => 20,
            Self::IdenticalCopy => 15,
            Self::AcrossSplits => 12,
            Self::ReencodedCopy | Self::ResizedCopy | Self::BrightnessCopy => 10,
            Self::Blurry | Self::Dark | Self::OverExposed | Self::Grey => 10,
            Self::TwoLabels => 6,
            Self::MirroredCopy | Self::RotatedCopy | Self::NearlyEmpty | Self::OddShaped => 5,
            Self::Truncated | Self::Misnamed => 5,
            Self::OddSized => 3,
            Self::Empty => 2,
        }
    }

    /// How many of so many samples have it: rounded, and at least one from 200 samples on.
    pub fn count(self, samples: u32) -> u32 {
        let rounded = (u64::from(samples) * u64::from(self.per_mille()) + 500) / 1000;
        (rounded as u32).max(u32::from(samples >= 200))
    }

    /// Whether such a sample is made from another one.
    pub fn is_copy(self) -> bool {
        self <= Self::RotatedCopy
    }
}

/// What is done to one sample, with its amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Drawn and written as it should be; also copies that differ in their encoding only.
    None,
    Resize {
        percent: u32,
    },
    Brighten {
        percent: i32,
    },
    Mirror,
    Turn {
        quarters: u32,
    },
    /// The short side is so many radii.
    Blur {
        radii: u32,
    },
    /// So many 256ths of the light.
    Darken {
        part: i32,
    },
    /// So many 256ths of the distance from white.
    Overexpose {
        part: i32,
    },
    Blank,
    Size {
        width: u32,
        height: u32,
    },
    /// Stored in one channel or in three equal ones.
    Grey {
        one_channel: bool,
    },
    Truncate {
        percent: u32,
    },
    Empty,
}

impl Treatment {
    /// The treatment that makes a fault, with amounts from the stream.
    pub fn new(fault: Option<Fault>, stream: &mut Stream) -> Self {
        match fault {
            Some(Fault::ResizedCopy) => Self::Resize { percent: stream.pick(&[50, 62, 75, 80, 120, 130]) },
            Some(Fault::BrightnessCopy) => {
                Self::Brighten { percent: stream.pick(&[-16, -12, -8, 8, 12, 16]) }
            }
            Some(Fault::MirroredCopy) => Self::Mirror,
            Some(Fault::RotatedCopy) => Self::Turn { quarters: stream.pick(&[1, 2, 3]) },
            Some(Fault::Blurry) => Self::Blur { radii: stream.pick(&[14, 18, 22]) },
            Some(Fault::Dark) => Self::Darken { part: stream.range(26, 38) },
            Some(Fault::OverExposed) => Self::Overexpose { part: stream.range(11, 12) },
            Some(Fault::NearlyEmpty) => Self::Blank,
            Some(Fault::OddShaped) => {
                let side = stream.range(20, 40) as u32;
                let (width, height) = if stream.percent(50) { (side * 8, side) } else { (side, side * 8) };
                Self::Size { width, height }
            }
            Some(Fault::OddSized) => {
                let (width, height) =
                    stream.pick(&[(12, 12), (16, 12), (16, 16), (20, 15), (1200, 900), (1024, 768)]);
                Self::Size { width, height }
            }
            Some(Fault::Grey) => Self::Grey { one_channel: stream.percent(50) },
            Some(Fault::Truncated) => Self::Truncate { percent: stream.range(55, 85) as u32 },
            Some(Fault::Empty) => Self::Empty,
            _ => Self::None,
        }
    }

    /// Does what is done to the pixels.
    pub fn apply(self, picture: &mut Picture) {
        match self {
            Self::Resize { percent } => {
                let (width, height) = (picture.width * percent / 100, picture.height * percent / 100);
                picture.resize(width.max(1), height.max(1));
            }
            Self::Brighten { percent } => picture.brighten(percent),
            Self::Mirror => picture.mirror(),
            Self::Turn { quarters } => picture.turn(quarters),
            Self::Blur { radii } => {
                picture.vignette(248);
                picture.blur((picture.width.min(picture.height) / radii).max(2));
                picture.expose(215);
            }
            Self::Darken { part } => picture.darken(part),
            Self::Overexpose { part } => {
                picture.vignette(220);
                picture.overexpose(part);
            }
            Self::Grey { .. } => picture.grey(),
            Self::None | Self::Blank | Self::Size { .. } | Self::Truncate { .. } | Self::Empty => {}
        }
    }
}

/// The column `detail` of `truth.csv`.
impl fmt::Display for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None | Self::Blank | Self::Empty => Ok(()),
            Self::Resize { percent } => write!(f, "{percent} % of the sides"),
            Self::Brighten { percent } => write!(f, "{percent:+} %"),
            Self::Mirror => write!(f, "left to right"),
            Self::Turn { quarters } => write!(f, "{}° clockwise", quarters * 90),
            Self::Blur { radii } => write!(f, "by 1/{radii} of the short side"),
            Self::Darken { part } => write!(f, "{} % of the light", part * 100 / 256),
            Self::Overexpose { part } => write!(f, "{} % of the contrast", part * 100 / 256),
            Self::Size { width, height } => write!(f, "{width}×{height}"),
            Self::Grey { one_channel: true } => write!(f, "one channel"),
            Self::Grey { one_channel: false } => write!(f, "three equal channels"),
            Self::Truncate { percent } => write!(f, "{percent} % of the bytes kept"),
        }
    }
}
