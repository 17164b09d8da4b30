use super::*;
use crate::train::config::{Channels, Likelihood};
use crate::train::model::Model;
use burn::tensor::Device;

/// A change of a saved checkpoint.
type Change = fn(&Path);

fn tiny(step: u64) -> Checkpoint {
    let mut config = Config::preset(16, Channels::Grey);
    config.shape =
        Shape { latent: 2, width: 4, depth: 1, hidden: 8, likelihood: Likelihood::Gaussian, ..config.shape };
    let weights = Model::new(&config.shape, step, &Device::flex()).numbers().unwrap();
    let moments = [weights.clone(), weights.iter().map(|numbers| vec![0.5; numbers.len()]).collect()];
    let mut about = About::new(config, "DATA".into(), "abc".into(), vec!["a".into()]);
    about.step = step;
    about.held_out = Some(Figures { reconstruction: 1.5, divergence: 0.5 });
    Checkpoint { about, weights, moments }
}

#[test]
fn what_is_saved_is_loaded_and_the_last_ones_stay() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    assert!(!is_there(&run));
    for step in [1, 2, 10, 10] {
        let checkpoint = tiny(step);
        let path = checkpoint.save(&run).unwrap();
        for place in [&run, &path] {
            let loaded = Checkpoint::load(place).unwrap();
            assert_eq!((&loaded.weights, &loaded.moments), (&checkpoint.weights, &checkpoint.moments));
            assert_eq!(About { files: BTreeMap::new(), ..loaded.about }, checkpoint.about);
        }
    }
    let mut names: Vec<_> = std::fs::read_dir(&run)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["step-00000002", "step-00000010"]);
    // As any reader of safetensors sees it.
    let bytes = std::fs::read(run.join("step-00000010").join(ENCODER)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.tensor("encoder.conv0.weight").unwrap().shape(), [4, 1, 4, 4]);
}

#[test]
fn what_a_kill_left_goes_and_what_gave_way_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path();
    let path = tiny(10).save(run).unwrap();
    // Killed after the old one gave way and before the new one was in its place, and in the first save.
    std::fs::rename(&path, run.join(".step-00000010-old.part")).unwrap();
    for name in [".step-00000010-aBc.part", ".step-00000003-old.part", "mine.part"] {
        std::fs::create_dir(run.join(name)).unwrap();
    }
    let third = tiny(3).save(run).unwrap();
    assert_eq!(Checkpoint::load(run).unwrap().about.step, 10);
    let mut names: Vec<_> = std::fs::read_dir(run).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["mine.part", "step-00000003", "step-00000010"]);
    assert!(Checkpoint::load(&third).is_ok());
}

#[test]
fn what_is_no_checkpoint_is_told_with_its_file() {
    fn edit(path: &Path, change: impl FnOnce(&mut serde_json::Value)) {
        let path = path.join(ABOUT);
        let mut about = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut about);
        std::fs::write(path, serde_json::to_vec(&about).unwrap()).unwrap();
    }
    let rows: [(Change, &str, &str); 11] = [
        (|path| std::fs::remove_file(path.join(DECODER)).unwrap(), "missing", DECODER),
        (|path| std::fs::remove_file(path.join(ABOUT)).unwrap(), "no checkpoint here", "step"),
        (|path| std::fs::write(path.join(ABOUT), "{}").unwrap(), "no checkpoint of Lenslet", ABOUT),
        (|path| std::fs::write(path.join(ABOUT), [0xff; 9]).unwrap(), "no checkpoint of Lenslet", ABOUT),
        (|path| edit(path, |about| about["kind"] = "gpt".into()), "gpt", ABOUT),
        (|path| edit(path, |about| about["format"] = 99.into()), "newer", ABOUT),
        (|path| edit(path, |about| about["config"]["beta"] = "x".into()), "damaged", ABOUT),
        (|path| edit(path, |about| about["config"]["shape"]["size"] = 4096.into()), "cannot be built", ABOUT),
        (|path| edit(path, |about| about["config"]["shape"]["latent"] = 3.into()), "another size", ENCODER),
        (
            |path| {
                let file = path.join(ENCODER);
                let mut bytes = std::fs::read(&file).unwrap();
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                std::fs::write(file, bytes).unwrap();
            },
            "not what was written",
            ENCODER,
        ),
        (
            |path| {
                let file = std::fs::File::options().write(true).open(path.join(OPTIMISER)).unwrap();
                file.set_len(100).unwrap();
            },
            "not what was written",
            OPTIMISER,
        ),
    ];
    for (change, told, named) in rows {
        let home = tempfile::tempdir().unwrap();
        let path = tiny(5).save(home.path()).unwrap();
        change(&path);
        let error = Checkpoint::load(&path).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
        assert!(error.contains(path.join(named).to_str().unwrap()) || error.contains("step-"), "{error}");
    }
    // A header that claims more than there is.
    let home = tempfile::tempdir().unwrap();
    let path = tiny(5).save(home.path()).unwrap();
    let lying = [u64::MAX.to_le_bytes().as_slice(), &[b' '; 64]].concat();
    std::fs::write(path.join(ENCODER), &lying).unwrap();
    edit(&path, |about| about["files"][ENCODER] = blake3::hash(&lying).to_hex().to_string().into());
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(error.contains("damaged") && error.contains(ENCODER), "{error}");
    for place in ["nowhere", "step-00000005/encoder.safetensors"] {
        let error = Checkpoint::load(&home.path().join(place)).unwrap_err().to_string();
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn what_fits_another_model_is_taken_and_the_rest_is_named() {
    let checkpoint = tiny(1);
    let shape =
        Shape { latent: 5, likelihood: Likelihood::Bernoulli, ..checkpoint.about.config.shape.clone() };
    let fitted = checkpoint.fitted_to(&shape, &[]);
    let unfit: Vec<_> = fitted.unfit.iter().map(ToString::to_string).collect();
    assert_eq!(
        unfit,
        [
            "encoder.mean.weight (2×8 there, 5×8 needed)",
            "encoder.mean.bias (2 there, 5 needed)",
            "encoder.logvar.weight (2×8 there, 5×8 needed)",
            "encoder.logvar.bias (2 there, 5 needed)",
            "decoder.hidden.weight (8×2 there, 8×5 needed)",
        ]
    );
    assert_eq!(fitted.numbers[0].as_ref(), Some(&checkpoint.weights[0]));
    assert_eq!(checkpoint.fitted_to(&checkpoint.about.config.shape, &[]).unfit, []);
    let deeper = Shape { depth: 2, ..checkpoint.about.config.shape.clone() };
    assert!(checkpoint.fitted_to(&deeper, &[]).unfit.iter().any(|unfit| unfit.found.is_none()));
    // Equal sizes of other classes mean something else.
    let mut told = tiny(1);
    told.about.config.shape.classes = 1;
    let names = |name: &str| [name.to_owned()];
    for (name, unfit) in [
        ("a", &[][..]),
        ("b", &["encoder.hidden.weight (other classes)", "decoder.hidden.weight (other classes)"]),
    ] {
        let fitted = told.fitted_to(&told.about.config.shape, &names(name));
        assert_eq!(fitted.unfit.iter().map(ToString::to_string).collect::<Vec<_>>(), unfit);
    }
}
