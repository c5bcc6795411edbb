from experiments import tpe_share


def test_the_tiny_mode_asks_tpe_in_studies_of_two_sizes(tmp_path):
    tpe_share.main(["--tiny", "--out", str(tmp_path / "report.md")])
    lines = (tmp_path / "report.md").read_text().splitlines()
    rows = [line.split("|")[1:] for line in lines if line.startswith("| seven")]
    assert [int(row[1]) for row in rows] == [20, 40, 20, 40]
    assert all(float(row[2]) > 0 for row in rows)


def test_the_study_before_the_proposals_is_random_and_told():
    study = tpe_share.LongStudy(tpe_share.FEW)
    study.grow(12)
    trials = study.study.study.get_trials()
    assert [trial.state.is_finished() for trial in trials] == [True] * 6 + [False] * 6
    assert study.propose() > 0
