//! Calls of operations on where things are.

use super::calls::{Call, Given, mean_of, middle, pair, plain, real, with_p};
use crate::augment::formats::{number, tidy};

pub fn call(name: &str, of: &Given) -> Option<Call> {
    Some(match name {
        "horizontal_flip" => with_p("v2.RandomHorizontalFlip(p=?)".to_owned()),
        "vertical_flip" => with_p("v2.RandomVerticalFlip(p=?)".to_owned()),
        "transpose" => plain(format!("v2.Compose([{}, v2.RandomVerticalFlip(p=1.0)])", turned(90))),
        "quarter_turn" => {
            let [least, most] = of.range("turns").map(|turns| turns as u32);
            plain(one_of_turns(least..=most))
        }
        "symmetry" => plain(format!("v2.Compose([v2.RandomHorizontalFlip(p=0.5), {}])", one_of_turns(0..=3))),
        "rotate" => {
            let degrees = pair(of.range("angle"));
            warp(of, |more| format!("v2.RandomRotation({degrees}, {more})"))
        }
        "scale" => {
            let scale = pair(of.range("factor"));
            let call = warp(of, |more| format!("v2.RandomAffine(degrees=0, scale={scale}, {more})"));
            proportions(call, of.flag("keep_ratio"))
        }
        "translate" => {
            let translate = translation(of);
            let fill = fill(of);
            let code = format!("v2.RandomAffine(degrees=0, translate={translate}, fill={fill})");
            filled(centred(plain(code), of), of)
        }
        "shear" => {
            let shear = shear(of.range("x"), of.range("y"));
            warp(of, |more| format!("v2.RandomAffine(degrees=0, shear={shear}, {more})"))
        }
        "affine" => {
            // Clockwise there.
            let [low, high] = of.range("angle");
            let degrees = pair([-high, -low]);
            let (translate, scale) = (translation(of), pair(of.range("scale")));
            let (shear_x, shear_y) = (of.range("shear_x"), of.range("shear_y"));
            let shear = shear(shear_x, shear_y);
            let call = warp(of, |more| {
                format!(
                    "v2.RandomAffine(degrees={degrees}, translate={translate}, scale={scale}, shear={shear}, {more})"
                )
            });
            let call = centred(proportions(call, of.flag("keep_ratio")), of);
            let is_slanted = [shear_x, shear_y] != [[0.0; 2]; 2];
            if is_slanted { call.differs("There it is slanted before it is turned.") } else { call }
        }
        "perspective" => {
            // A corner is drawn in by a quarter of it on average there, and by √(2 ⁄ π) deviations here.
            let scale = number(tidy((mean_of(of.range("strength")) * 3.2).min(1.0)));
            let code = |more: &str| format!("v2.RandomPerspective(distortion_scale={scale}, p=?, {more})");
            let mut call = warp(of, code).differs("There corners are drawn in evenly, up to a limit.");
            call.p = super::calls::P::Argument;
            call
        }
        "elastic" => {
            // Even noise from −1 to 1, of which blurring leaves 1 ⁄ (2 √π σ), in half pixels.
            let sigma = of.number("sigma");
            let alpha = number((mean_of(of.range("alpha")) * sigma * 12.28).round());
            let sigma = number(sigma);
            let alpha_range = of.range("alpha");
            middle(
                warp(of, |more| format!("v2.ElasticTransform(alpha={alpha}.0, sigma={sigma}, {more})")),
                alpha_range,
            )
        }
        "random_crop" => {
            let is_padded = if of.flag("pad_if_needed") { "True" } else { "False" };
            let (space, call) = padding(of);
            let call = call(format!("v2.RandomCrop({}, pad_if_needed={is_padded}, {space})", size(of)));
            if of.flag("pad_if_needed") { call } else { call.differs("There a smaller picture is an error.") }
        }
        "center_crop" => {
            let call = plain(format!("v2.CenterCrop({})", size(of)));
            if of.flag("pad_if_needed") && is_black(of) {
                call
            } else {
                call.differs("There a smaller picture gets black space around it.")
            }
        }
        "random_resized_crop" => {
            let is_own = of.number("width") == 0.0 || of.number("height") == 0.0;
            let size = if is_own { "(224, 224)".to_owned() } else { size(of) };
            let (scale, ratio) = (pair(of.range("scale")), pair(of.range("ratio")));
            let call = resize(of, |more| {
                format!("v2.RandomResizedCrop({size}, scale={scale}, ratio={ratio}, {more})")
            });
            if is_own {
                call.differs("Here the size is the picture's own, and there it must be a number: 224.")
            } else {
                call
            }
        }
        "pad" if of.number("least_width") == 0.0 && of.number("least_height") == 0.0 => {
            let sides =
                ["left", "top", "right", "bottom"].map(|side| number(of.number(side)).to_string()).join(", ");
            let (space, call) = padding(of);
            call(format!("v2.Pad([{sides}], {space})"))
        }
        "resize" => resize(of, |more| format!("v2.Resize({}, {more})", size(of))),
        "resize_longest" => {
            resize(of, |more| format!("v2.Resize(None, max_size={}, {more})", number(of.number("size"))))
        }
        "resize_shortest" => resize(of, |more| format!("v2.Resize({}, {more})", number(of.number("size")))),
        "letterbox" => {
            let length = number(of.number("size"));
            let call = resize(of, |more| {
                format!("v2.Compose([v2.Resize(None, max_size={length}, {more}), v2.CenterCrop({length})])")
            });
            if is_black(of) { call } else { call.differs("There the space around is black.") }
        }
        "random_erasing" => {
            let (scale, ratio) = (pair(of.range("scale")), pair(of.range("ratio")));
            let value = match of.word("paint") {
                "noise" => "\"random\"".to_owned(),
                "mean" => "127".to_owned(),
                _ => format!("[{}]", of.colour("fill_colour").map(|level| level.to_string()).join(", ")),
            };
            let call = with_p(format!("v2.RandomErasing(p=?, scale={scale}, ratio={ratio}, value={value})"));
            match of.word("paint") {
                "noise" => {
                    call.differs("There noise is normal and meant for pictures of mean 0 and deviation 1.")
                }
                "mean" => call.differs("There is no mean there; grey is written."),
                _ => call,
            }
        }
        "rand_augment" => {
            let (count, magnitude) = (number(of.number("n")), of.range("magnitude"));
            let fill = fill(of);
            let code = format!(
                "v2.RandAugment(num_ops={count}, magnitude={}, fill={fill}, {})",
                number(mean_of(magnitude).round()),
                interpolation(of)
            );
            filled(middle(plain(code), magnitude), of)
        }
        "trivial_augment" => {
            filled(plain(format!("v2.TrivialAugmentWide(fill={}, {})", fill(of), interpolation(of))), of)
        }
        "aug_mix" => {
            let [severity, width, depth] = ["severity", "width", "depth"].map(|name| number(of.number(name)));
            let all = if of.flag("all_operations") { "True" } else { "False" };
            plain(format!(
                "v2.AugMix(severity={severity}, mixture_width={width}, chain_depth={depth}, alpha={}, all_ops={all})",
                real(of.number("alpha"))
            ))
        }
        _ => return None,
    })
}

fn turned(degrees: u32) -> String {
    format!("v2.RandomRotation(({degrees}, {degrees}), expand=True)")
}

fn one_of_turns(turns: std::ops::RangeInclusive<u32>) -> String {
    let turns: Vec<String> = turns.map(|turns| turned(turns * 90)).collect();
    format!("v2.RandomChoice([{}])", turns.join(", "))
}

/// A call that looks pixels up: how, and what is outside.
fn warp(of: &Given, code: impl Fn(&str) -> String) -> Call {
    let more = format!("{}, fill={}", interpolation(of), fill(of));
    let call = filled(plain(code(&more)), of);
    if of.word("interpolation") == "bicubic" { call.differs("It is done bilinear there.") } else { call }
}

fn interpolation(of: &Given) -> &'static str {
    match of.word("interpolation") {
        "nearest" => "interpolation=v2.InterpolationMode.NEAREST",
        _ => "interpolation=v2.InterpolationMode.BILINEAR",
    }
}

fn resize(of: &Given, code: impl Fn(&str) -> String) -> Call {
    let (mode, differs) = match of.word("filter") {
        "nearest" => ("NEAREST", None),
        "bicubic" => ("BICUBIC", None),
        "lanczos" => ("BICUBIC", Some("It is done bicubic there.")),
        "box" => ("BILINEAR", Some("It is done bilinear there.")),
        _ => ("BILINEAR", None),
    };
    let call = plain(code(&format!("interpolation=v2.InterpolationMode.{mode}")));
    match differs {
        Some(text) => call.differs(text),
        None => call,
    }
}

fn fill(of: &Given) -> String {
    format!("({})", of.colour("fill_colour").map(|level| level.to_string()).join(", "))
}

/// For a call that fills with one colour, whatever is outside here.
fn filled(call: Call, of: &Given) -> Call {
    match of.word("fill") {
        "constant" => call,
        _ => call.differs("There what is outside is of one colour."),
    }
}

fn is_black(of: &Given) -> bool {
    of.word("fill") == "constant" && of.colour("fill_colour") == [0; 3]
}

/// The arguments for what is outside, and the call of code with them.
fn padding(of: &Given) -> (String, fn(String) -> Call) {
    match of.word("fill") {
        "constant" => (format!("fill={}", fill(of)), plain),
        "wrap" => (format!("fill={}", fill(of)), |code| {
            plain(code).differs("There what is outside is of one colour.")
        }),
        mode => (format!("padding_mode=\"{mode}\""), plain),
    }
}

fn size(of: &Given) -> String {
    format!("({}, {})", number(of.number("height")), number(of.number("width")))
}

/// The farthest along either axis.
fn translation(of: &Given) -> String {
    let most = |name: &str| of.range(name).map(f64::abs).into_iter().fold(0.0, f64::max);
    format!("({}, {})", number(most("x")), number(most("y")))
}

fn centred(call: Call, of: &Given) -> Call {
    let is_even = |name: &str| {
        let [low, high] = of.range(name);
        low == -high
    };
    if is_even("x") && is_even("y") { call } else { call.differs("There it is moved as far to both sides.") }
}

fn proportions(call: Call, is_kept: bool) -> Call {
    if is_kept { call } else { call.differs("There proportions stay.") }
}

/// There a slant is to the other side.
fn shear(x: [f64; 2], y: [f64; 2]) -> String {
    let ends = [-x[1], -x[0], -y[1], -y[0]].map(|end| number(0.0 + end).to_string());
    format!("({})", ends.join(", "))
}
