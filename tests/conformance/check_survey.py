#!/usr/bin/env python3
"""Every survey value of another program in LIBEST_ORACLES/survey, against `est survey` as its user runs it.

Each row of expected.csv is compared, or left out for one of REASONS that is proven here; a row that is neither is a fault.
Tolerance: 1e-9 relative. It is wider where the other program stops early, and then ours is held to 1e-9 of a second computation
too (survey_reasons.py): 1e-7 for weights that it iterates, 2e-7 for its logistic fits, 2e-5 for its likelihood limits (it
interpolates a profile), 1e-6 for saddlepoint tails. A standard error of zero may be 1e-9 of the estimate. Derived columns (the 0/1
of a level, squared deviations) are written to a temporary folder.
"""
import collections
import csv
import json
import math
import os
import subprocess
import sys
import tempfile

import naive_survey as naive
import survey_reasons as reasons

CLOSED, ITERATED, LOGISTIC, SADDLEPOINT, PROFILE = 1e-9, 1e-7, 2e-7, 1e-6, 2e-5
DHS = ("--weight", "v005", "--weight-scale", "0.000001", "--psu", "v021", "--strata", "v023")
DESIGNS = {
    "srs_fpc": ("--weight", "pw", "--fpc", "fpc"), "srs_wr": ("--weight", "pw"),
    "strat_fpc": ("--weight", "pw", "--strata", "stype", "--fpc", "fpc"), "strat_wr": ("--weight", "pw", "--strata", "stype"),
    "clus1_fpc": ("--weight", "pw", "--psu", "dnum", "--fpc", "fpc"), "clus1_wr": ("--weight", "pw", "--psu", "dnum"),
    "2stage_fpc12": ("--psu", "id1,id2", "--fpc", "n1,n2"),
    "2stage_fpc12_ultimate.cluster": ("--psu", "id1,id2", "--fpc", "n1,n2", "--ultimate-cluster"),
    "id=v021,strata=v023,wt=v005/1e6": DHS,
}
NESTED = {
    ("fpc", "strat_psu_fpc"): ("--weight", "weight", "--strata", "stratid", "--psu", "psuid", "--nest", "--fpc", "Nh"),
    ("fpc", "strat_psu_wr"): ("--weight", "weight", "--strata", "stratid", "--psu", "psuid", "--nest"),
    ("scd", "strat_psu_wr"): ("--strata", "ESA", "--psu", "ambulance", "--nest"),
}
YOUNG = "v012 >= 20 and v012 <= 24"
INTERVALS = {"beta": "beta", "mean": "t", "logit": "logit", "xlogit": "logit", "wilson": "wilson", "asin": "arcsine",
             "likelihood": "likelihood"}
TESTS = {"svychisq_F": "rao-scott-2", "svychisq_Chisq": "rao-scott-1", "svychisq_Wald": "wald", "svychisq_adjWald": "adjusted-wald",
         "svychisq_lincom": "saddlepoint", "svychisq_saddlepoint": "saddlepoint"}
CALIBRATIONS = {
    "poststrat_stype": (("poststratify",), ("stype",)),
    "rake_stype_schwide": (("rake",), ("stype", "sch.wide")),
    "cal_linear_stype": (("linear",), ("stype",)),
    "cal_linear_stype_api99": (("linear",), ("stype", "api99")),
    "cal_raking_stype_api99": (("exponential",), ("stype", "api99")),
    "cal_logit_.4_2.5_stype": (("logit", "--bounds", "0.4,2.5"), ("stype", "api99")),
    "cal_linear_bounds.6_1.8_stype_api99": (("bounded", "--bounds", "0.6,1.8"), ("stype", "api99")),
    "cal_linear_cluster_stage1": (("linear", "--by-cluster"), ("stype", "api99")),
    "cal_raking_marg_stype_schwide": (("exponential",), ("stype", "sch.wide")),
}
REASONS = {
    "tie": "a quantile at an exact tie that rounding decided there; by fractions it is ours",
    "shahvaish": "rule shahvaish mixes weights of mean 1 with weights as given: their unit moves the quantile; reproduced",
    "score": "interval by test inversion, not offered here; there turned back by the share of rows instead of weights; reproduced",
    "fixed": "a share that the margins fix: limits of 0.5, off the estimate, because its standard error is zero up to rounding",
    "unweighted": "standard error after rake(): residuals from unweighted means of the margins, reproduced",
    "copies": "a fractional number of degrees of freedom cut to whole squares in the saddlepoint; reproduced",
    "settings": "scale and rscales of a file of replicates: est takes them as options; the scale is reproduced",
    "trim": "standard error after trimming: residuals of values multiplied by trimmed over calibrated weight; reproduced",
}


TOTALS_OF_C1 = ("--mean", "api00", "--total", "enroll,sch.wideNo,sch.wideYes", "--ratio", "api.stu/enroll")
SUMMARIES = {"min": min, "max": max, "sum": math.fsum, "sumsq": lambda weights: math.fsum(w * w for w in weights)}


class Missing(Exception):
    """No value of ours to hold against the row, or a reason that does not prove true: a fault."""


def prove(holds, what):
    if not holds:
        raise Missing("not so: " + what)


class Sample:
    """A data file with derived columns, and the runs on it."""

    def __init__(self, folder, work, name):
        self.name, self.work = name, work
        with open(os.path.join(folder, name + ".csv"), newline="", encoding="utf-8") as file:
            self.rows = list(csv.DictReader(file))
        self.path, self.version = None, 0

    def copy(self, name):
        made = Sample.__new__(Sample)
        made.name, made.work, made.path, made.version, made.rows = name, self.work, None, 0, [dict(row) for row in self.rows]
        return made

    def column(self, name):
        return [row[name] for row in self.rows]

    def derive(self, **columns):
        for name, values in columns.items():
            for row, value in zip(self.rows, values):
                row[name] = value
        self.version += 1
        self.path = None

    def file(self):
        if self.path is None:
            self.path = os.path.join(self.work, "%s_%d.csv" % (self.name, self.version))
            with open(self.path, "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(self.rows[0]))
                writer.writeheader()
                writer.writerows(self.rows)
        return self.path


class Answer:
    def __init__(self, text):
        result = json.loads(text)
        self.stats, self.frames = result["stats"], result["frames"]
        self.rows = {}
        for row in result["rows"]:
            self.rows[row["estimand"], tuple(sorted(row.get("domain", {}).items()))] = row

    def row(self, estimand, **domain):
        found = self.rows.get((estimand, tuple(sorted(domain.items()))))
        if found is None:
            raise Missing("no row %s %r" % (estimand, domain))
        return found

    def test(self, name):
        for row in self.frames["association_tests"]["rows"]:
            if row[0] == name:
                return dict(zip(("test", "statistic", "df1", "df2", "p"), row))
        raise Missing("no test " + name)


class Runs:
    def __init__(self, folder, work):
        self.folder, self.work, self.samples, self.answers, self.kept, self.count = folder, work, {}, {}, {}, 0

    def once(self, name, make):
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def sample(self, name):
        if name not in self.samples:
            self.samples[name] = Sample(self.folder, self.work, name)
            DERIVE.get(name, lambda sample: None)(self.samples[name])
        return self.samples[name]

    def answer(self, name, *options, method="survey"):
        path = self.sample(name).file()
        key = (method, path) + options
        if key not in self.answers:
            command = [os.environ["EST"], method, path, "--internal", "--format", "json", "--quiet", *options]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            self.count += 1
            self.answers[key] = Answer(run.stdout) if run.returncode == 0 else run.stderr.strip()
        if isinstance(self.answers[key], str):
            raise Missing(self.answers[key])
        return self.answers[key]

    def weights(self, name, *options):
        """Final weights of `est weight`, in the order of the file."""
        return [row[2] for row in self.answer(name, *options, method="weight").frames["weights"]["rows"]]

    def calibrated_weights(self, name):
        with open(os.path.join(self.folder, name + ".csv"), newline="", encoding="utf-8") as file:
            return {row["cds"]: float(row["w"]) for row in csv.DictReader(file)}

    def margins(self, columns, numbers=()):
        """A file of known totals from the population."""
        path = os.path.join(self.work, "margins_%s.csv" % "_".join(columns))
        if not os.path.exists(path):
            with open(path, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(("variable", "level", "total"))
                for column in columns:
                    values = self.sample("apipop").column(column)
                    if column in numbers:
                        writer.writerow((column, "", sum(int(value) for value in values)))
                    else:
                        writer.writerows((column, level, count) for level, count in sorted(collections.Counter(values).items()))
        return path


# --- Derived columns ------------------------------------------------------------------------------------------------------------

def derive_api(sample):
    for level in "EHM":
        sample.derive(**{"stype" + level: [int(value == level) for value in sample.column("stype")]})
    for level in ("No", "Yes"):
        sample.derive(**{"sch.wide" + level: [int(value == level) for value in sample.column("sch.wide")]})
    sample.derive(rare=[int(value == "0") for value in sample.column("ell")])
    # R's svyvar is the mean of n / (n - 1) times the squared deviation from the estimated mean.
    y, w = [float(value) for value in sample.column("api00")], [float(value) for value in sample.column("pw")]
    centre, n = math.fsum(a * b for a, b in zip(y, w)) / math.fsum(w), len(y)
    sample.derive(spread=[repr(n / (n - 1) * (value - centre) ** 2) for value in y])


def derive_dhs(sample):
    ages = [int(value) if value else 99 for value in sample.column("v511")]
    sample.derive(m15=[int(age < 15) for age in ages], m18=[int(age < 18) for age in ages], first=ages)


DERIVE = {name: derive_api for name in ("apisrs", "apistrat", "apiclus1", "apistrat_userrep_bootstrap",
                                        "apistrat_userrep_subbootstrap", "apistrat_userrep_mrbbootstrap")}
DERIVE["dhs_sim_w1"] = derive_dhs


# --- Rows to numbers: each reader gives (found, tolerance) or a key of REASONS --------------------------------------------------

def quantity(row, answer_row, scale=1.0):
    """Standard quantities of one estimate."""
    names = {"estimate": "estimate", "se": "se", "cv": "cv", "deff": "deff", "deff_replace": "deff", "df": "df", "ci95_lo": "lower",
             "ci95_hi": "upper", "ci95_lo_t": "lower", "ci95_hi_t": "upper", "R": "estimate", "SE": "se", "DEFT": "deft",
             "R-2SE": "lower", "R+2SE": "upper", "SE/R": "cv", "coef": "estimate", "n": "n", "wn": "n_weighted"}
    value = answer_row.get(names[row["quantity"]])
    if value is None:
        raise Missing("%s is not in the row" % names[row["quantity"]])
    return value * scale


API_ESTIMANDS = ("--mean", "api00,stypeE,stypeH,stypeM,spread,ell", "--total", "enroll,stypeE,stypeH,stypeM",
                 "--ratio", "api.stu/enroll", "--deff")


def deff_of(row):
    return "replace" if row["quantity"] == "deff_replace" else "no-replace"


def basic(runs, row):
    answer = runs.answer(row["dataset"], *DESIGNS[row["design"]], *API_ESTIMANDS, deff_of(row))
    if row["estimator"] == "degf":
        return answer.stats["design_df"], CLOSED
    names = {"variance": "mean(spread)", "ratio": "ratio(%s)" % row["domain"]}
    name = names.get(row["estimator"], "%s(%s)" % (row["estimator"], row["domain"]))
    return quantity(row, answer.row(name)), CLOSED


def domains(runs, row):
    design = DESIGNS[row["design"]]
    if row["domain"].startswith("stype="):
        answer = runs.answer(row["dataset"], *design, "--mean", "api00", "--by", "stype", "--deff", "no-replace")
        return quantity(row, answer.row("mean(api00)", stype=row["domain"][-1])), CLOSED
    answer = runs.answer(row["dataset"], *design, "--mean", "ell", "--total", "enroll", "--deff", "no-replace", "--where",
                         'sch.wide == "Yes" and api00 > 700')
    return quantity(row, answer.row("%s(%s)" % (row["estimator"], row["domain"].split(":")[1]))), CLOSED


def contrasts(runs, row):
    design = DESIGNS[row["design"]]
    if row["estimator"] == "diff":
        text = "stype=E - stype=H"
        answer = runs.answer(row["dataset"], *design, "--mean", "api00", "--by", "stype", "--contrast", text)
        return quantity(row, answer.row("contrast(mean(api00))", contrast=text)), CLOSED
    text = "both=Yes - both=No"
    answer = runs.answer(row["dataset"], *design, "--mean", "sch.wideYes", "--by", "both", "--contrast", text)
    return quantity(row, answer.row("contrast(mean(sch.wideYes))", contrast=text)), CLOSED


def limit(row, found, method):
    """(value, tolerance); the likelihood limits are also solved here."""
    if method == "likelihood" and row["quantity"].startswith("ci95"):
        t = naive.student_quantile(0.975, found["df"])
        ends = reasons.likelihood_interval(found["estimate"], found["se"] ** 2, found["n"], t)
        prove(reasons.near(quantity(row, found), ends[row["quantity"] == "ci95_hi"], CLOSED), "our root of the likelihood")
    return quantity(row, found), {"logit": LOGISTIC, "likelihood": PROFILE}.get(method, CLOSED)


def proportions(runs, row):
    method = row["estimator"].split("_")[1]
    answer = runs.answer(row["dataset"], *DESIGNS[row["design"]], "--proportion", "sch.wide=Yes,rare=1", "--ci", INTERVALS[method])
    name = "proportion(sch.wide=Yes)" if row["domain"] == "sch.wide=Yes" else "proportion(rare=1)"
    return limit(row, answer.row(name), method)


def quantiles(runs, row):
    rule, p = row["estimator"].split("_")[1], row["quantity"][1:]
    sample = runs.sample(row["dataset"])
    values, weights = [int(v) for v in sample.column("api00")], [float(w) for w in sample.column("pw")]
    if rule == "shahvaish":
        prove(reasons.shah_vaish(values, weights, float(p)) == float(row["value"]), "the way that shahvaish goes")
        prove(reasons.shah_vaish(values, [w / 30 for w in weights], float(p)) != float(row["value"]), "that the unit matters")
        return "shahvaish"
    wanted = ",".join("api00@%s" % q for q in ("0.1", "0.25", "0.5", "0.75", "0.9"))
    answer = runs.answer(row["dataset"], *DESIGNS[row["design"]], "--quantile", wanted, "--quantile-rule", rule)
    found = answer.row("quantile(api00,%s)" % p)["estimate"]
    if row["dataset"] == "apisrs" and p in ("0.1", "0.9") and rule in ("math", "school", "hf1", "hf2", "hf3"):
        prove(found == reasons.exact_quantile(values, rule, p), "that fractions give %r" % found)
        if found != float(row["value"]):
            return "tie"
    return found, CLOSED


def quantile_limits(runs, row):
    rule, kind = row["estimator"].split("_")[1:]
    if kind == "score":
        columns = {"apisrs": ([None], None), "apistrat": ([None], ["stype"]), "apiclus1": (["dnum"], None)}[row["dataset"]]
        design = naive.Design(runs.sample(row["dataset"]).rows, "pw", *columns, ["fpc"])
        t = naive.student_quantile(0.975, naive.degrees_of_freedom(design, design.counted()))
        exact, printed = reasons.score_ends(design, design.column("api00"), 0.5, t)[row["quantity"] == "ci95_hi"]
        prove(float(row["value"]) in printed, "the way that the score interval goes: %r" % printed)
        return "score"
    answer = runs.answer(row["dataset"], *DESIGNS[row["design"]], "--quantile", "api00@0.5", "--quantile-rule", rule,
                         "--quantile-ci", INTERVALS[kind])
    return quantity(row, answer.row("quantile(api00,0.5)")), CLOSED


def stages(runs, row):
    design = NESTED.get((row["dataset"], row["design"])) or DESIGNS[row["design"]]
    kind, column = ("ratio", "alive/arrests") if row["estimator"] == "ratio" else (row["estimator"], row["domain"])
    answer = runs.answer(row["dataset"], *design, "--" + kind, column)
    return quantity(row, answer.row("%s(%s)" % (kind, column))), CLOSED


def young_weights(rows):
    """0 outside the women of 20 to 24."""
    return [float(row["v005"]) / 1e6 * (20 <= int(row["v012"]) <= 24) for row in rows]


def design_effects(runs, row, pearson, first, second):
    """Of a table: from trace and trace of the square where two of them follow from these, else from the definition."""
    k, trace = first["df1"], pearson["statistic"] / second["statistic"]
    if k <= 2:
        difference = math.sqrt(max(0.0, 2 * trace ** 2 / second["df1"] - trace ** 2)) if k == 2 else 0.0
        return [(trace + difference) / k, (trace - difference) / k][:int(k)]
    rows = runs.sample(row["dataset"]).rows
    columns = [[r[name] for r in rows] for name in ("v023", "v021", *row["domain"].split(": ")[1].split(" x "))]
    return reasons.rao_scott_eigenvalues(young_weights(rows), *columns)


def saddlepoint(runs, row, answer):
    """The other program repeats the last term of the sum a whole number of times."""
    x2, second, p = answer.test("pearson")["statistic"], answer.test("rao-scott-2"), answer.test("saddlepoint")["p"]
    effects = design_effects(runs, row, answer.test("pearson"), answer.test("rao-scott-1"), second)
    prove(reasons.near(p, reasons.saddlepoint_tail(effects, x2, second["df2"], second["df2"]), CLOSED), "our saddlepoint %.15g" % p)
    copies = math.floor(second["df2"] + 1e-6)
    if second["df2"] - copies < 1e-6:
        return p, SADDLEPOINT
    cut = reasons.saddlepoint_tail(effects, x2, second["df2"], copies)
    prove(reasons.near(cut, float(row["value"]), SADDLEPOINT), "that cut degrees of freedom give the value, but %.15g" % cut)
    return "copies"


def association(runs, row):
    if row["dataset"] == "dhs_sim_w1":
        pair = row["domain"].split(": ")[1].replace(" x ", ":")
        answer = runs.answer("dhs_sim_w1", *DHS, "--association", pair, "--where", YOUNG)
    else:
        answer = runs.answer(row["dataset"], *DESIGNS[row["design"]], "--association", row["domain"].replace(" x ", ":"))
    if row["estimator"] in ("svychisq_lincom", "svychisq_saddlepoint") and row["quantity"] == "p":
        return saddlepoint(runs, row, answer)
    # The other program prints Pearson's statistic beside the p of its first-order correction.
    pearson = row["estimator"] == "svychisq_Chisq" and row["quantity"] == "statistic"
    return answer.test("pearson" if pearson else TESTS[row["estimator"]])[row["quantity"]], CLOSED


def student_tail(t, df):
    return 2 * naive.student_cdf(-abs(t), df)


def exact_logistic(runs):
    rows = runs.sample("dhs_sim_w1").rows
    x = [[1.0] * len(rows)] + [[float(row["v190"] == level) for row in rows] for level in "2345"]
    x.append([float(row["v025"] == "2") for row in rows])
    return reasons.logistic(x, [int(row["m18"]) for row in rows], young_weights(rows), [row["v023"] for row in rows],
                            [row["v021"] for row in rows])


def regression(runs, row):
    if row["dataset"] == "dhs_sim_w1":
        answer = runs.answer("dhs_sim_w1", *DHS, "--logistic", "m18 ~ factor(v190) + factor(v025)", "--where", YOUNG)
        name = row["domain"].replace("(Intercept)", "(intercept)")
        if name.startswith("factor"):
            name = "%s=%s" % (name[7:11], name[12:])
        found = quantity(row, answer.row("coefficient(%s)" % name))
        place = ["(intercept)"] + ["v190=%d" % level for level in (2, 3, 4, 5)] + ["v025=2"]
        exact = runs.once("logistic", lambda: exact_logistic(runs))[row["quantity"] == "se"][place.index(name)]
        prove(reasons.near(found, exact, CLOSED), "that Newton steps to the end give %.15g, but %.15g" % (found, exact))
        return found, LOGISTIC
    answer = runs.answer(row["dataset"], *DESIGNS[row["design"]], "--linear", "api00 ~ factor(comp.imp)")
    slope = answer.row("coefficient(comp.imp=Yes)")
    t = slope["estimate"] / slope["se"]
    return {"t": t, "df": slope["df"], "p": student_tail(t, slope["df"])}[row["quantity"]], CLOSED


def calibration(runs, row):
    kind, columns = CALIBRATIONS[row["design"]]
    options = ("--calibrate", *kind, "--margins", runs.margins(columns, ("api99",)))
    tolerance = CLOSED if "linear" in kind or "poststratify" in kind else ITERATED
    design = DESIGNS["clus1_fpc"] + options
    estimands = TOTALS_OF_C1
    if row["estimator"] == "weight":
        cluster = ("--psu", "dnum") if "--by-cluster" in kind else ()
        weights = runs.weights("apiclus1", "--weight", "pw", *options, *cluster)
        file = runs.calibrated_weights("weights_apiclus1_" + row["design"])
        places = runs.sample("apiclus1").column("cds")
        prove(all(reasons.near(w, file[cds], ITERATED) for w, cds in zip(weights, places)), "each weight")
        seen = runs.answer("apiclus1", *design, *estimands).row("mean(api00)")["n_weighted"]
        prove(reasons.near(seen, math.fsum(weights), CLOSED), "that est survey has the weights of est weight")
        return SUMMARIES[row["domain"]](weights), tolerance
    if row["estimator"] == "mean api00":
        column, level = row["domain"].split("=")
        answer = runs.answer("apiclus1", *design, *estimands, "--by", column)
        return quantity(row, answer.row("mean(api00)", **{column: level})), tolerance
    if row["estimator"] == "ciprop_beta":
        answer = runs.answer("apiclus1", *design, "--proportion", "sch.wide=Yes", "--ci", "beta")
        found = answer.row("proportion(sch.wide=Yes)")
        if "sch.wide" in columns:
            share = runs.sample("apipop").column("sch.wide").count("Yes") / len(runs.sample("apipop").rows)
            prove(found["se"] < 1e-9 and reasons.near(found["estimate"], share, ITERATED), "that the margins fix the share")
            prove(reasons.near(quantity(row, found), share, ITERATED), "that the limits are the share")
            return "fixed"
        return quantity(row, found), tolerance
    name = "%s(%s)" % (row["estimator"], row["domain"])
    if row["quantity"] in ("estimate", "se") and float(row["value"]) != 0:
        prove(reasons.near(quantity(row, declared(runs, row["design"]).row(name)), float(row["value"]), CLOSED),
              "that the other program's weights, declared as calibrated, give %s" % row["value"])
    return quantity(row, runs.answer("apiclus1", *design, *estimands).row(name)), tolerance


def declared(runs, design):
    """With the other program's own weights nothing is iterated."""
    kind, columns = CALIBRATIONS[design]
    name = "declared_" + design
    if name not in runs.samples:
        weights = runs.calibrated_weights("weights_apiclus1_" + design)
        sample = runs.samples[name] = runs.sample("apiclus1").copy(name)
        sample.derive(calibrated=[repr(weights[cds]) for cds in sample.column("cds")])
    names = ",".join("number(api99)" if column == "api99" else column for column in columns)
    cluster = ("--by-cluster",) if "--by-cluster" in kind else ()
    return runs.answer(name, "--weight", "calibrated", "--base-weight", "pw", "--psu", "dnum", "--fpc", "fpc", "--calibrate",
                       "declared", "--calibrated", names, *cluster, *TOTALS_OF_C1)


def trimming(runs, row):
    """Weights calibrated there, trimmed here; then residuals on what they were calibrated on."""
    weights = runs.calibrated_weights("weights_apiclus1_cal_linear_stype_api99")
    if "trimmed" not in runs.samples:
        sample = runs.samples["trimmed"] = runs.sample("apiclus1").copy("trimmed")
        sample.derive(calibrated=[repr(weights[cds]) for cds in sample.column("cds")])
        sample.derive(trimmed=[repr(w) for w in runs.weights("trimmed", "--weight", "calibrated", "--trim", "20,45")])
    sample = runs.samples["trimmed"]
    trimmed, before = [float(w) for w in sample.column("trimmed")], [float(w) for w in sample.column("calibrated")]
    if row["estimator"] == "weight":
        return SUMMARIES[row["domain"]](trimmed), CLOSED
    answer = runs.answer("trimmed", "--weight", "trimmed", "--base-weight", "pw", "--psu", "dnum", "--fpc", "fpc", "--calibrate",
                         "declared", "--calibrated", "stype,number(api99)", "--mean", "api00")
    found = answer.row("mean(api00)")
    if row["quantity"] == "estimate":
        return found["estimate"], CLOSED
    design = naive.Design(sample.rows, "pw", ["dnum"], None, ["fpc"])
    auxiliary = naive.dummies(sample.column("stype")) + [design.column("api99")]
    mean, e = naive.mean(trimmed, design.column("api00"), [True] * len(trimmed))
    ours = math.sqrt(naive.calibrated_variance(design, trimmed, e, auxiliary))
    theirs = math.sqrt(naive.calibrated_variance(design, before, [t * v / b for t, v, b in zip(trimmed, e, before)], auxiliary))
    prove(reasons.near(found["se"], ours, CLOSED), "our residuals, %.15g" % ours)
    prove(reasons.near(theirs / (1 if row["quantity"] == "se" else mean), float(row["value"]), CLOSED), "their residuals")
    return "trim"


def swept_error(runs, column):
    rows, population = runs.sample("apistrat").rows, runs.sample("apipop")
    design = naive.Design(rows, "pw", [None], ["stype"])
    labels = [[row[name] for row in rows] for name in ("sch.wide", "comp.imp")]
    known = [collections.Counter(population.column(name)) for name in ("sch.wide", "comp.imp")]
    weights = runs.once("raked", lambda: naive.raked(design, list(zip(labels, known))))
    _, e = naive.mean(weights, design.column(column), design.counted(design.column(column)))
    return math.sqrt(reasons.swept_variance(design, weights, e, labels))


def raking(runs, row):
    margins = runs.margins(("sch.wide", "comp.imp"))
    design = ("--weight", "pw", "--strata", "stype", "--mean", "api00,enroll,ell", "--margins", margins)
    name = "mean(%s)" % row["domain"]
    if row["design"].startswith("rake") and row["quantity"] == "se":
        swept = runs.once("swept " + row["domain"], lambda: swept_error(runs, row["domain"]))
        prove(reasons.near(swept, float(row["value"]), ITERATED), "that unweighted sweeps give the value, but %.15g" % swept)
        ours = runs.answer("apistrat", *design, "--calibrate", "rake").row(name)["se"]
        other = runs.answer("apistrat", *design, "--calibrate", "exponential").row(name)["se"]
        prove(reasons.near(ours, other, ITERATED), "that rake and exponential have one standard error, %.15g" % ours)
        return "unweighted"
    kind = "exponential" if row["design"].startswith("calibrate") else "rake"
    variance = ("--variance", "jkn") if row["design"].startswith("JKn") else ()
    return quantity(row, runs.answer("apistrat", *design, "--calibrate", kind, *variance).row(name)), ITERATED


def jackknife(runs, row):
    label, name = row["design"], row["dataset"]
    if "then" in label:
        columns, kind = (("stype", "api99"), "linear") if "linear" in label else (("stype",), "poststratify")
        answer = runs.answer(name, *DESIGNS["clus1_wr"], "--variance", "jk1", "--calibrate", kind, "--margins",
                             runs.margins(columns, ("api99",)), "--mean", "api00", "--total", "enroll")
        return quantity(row, answer.row("%s(%s)" % (row["estimator"], row["domain"]))), CLOSED
    design = DESIGNS[("clus1" if name == "apiclus1" else "strat") + ("_fpc" if "_fpc" in label else "_wr")]
    options = ("--variance", "jk1" if name == "apiclus1" else "jkn") + (("--mse",) if label.endswith("mse") else ())
    answer = runs.answer(name, *design, *options, "--mean", "api00", "--total", "enroll", "--ratio", "api.stu/enroll", "--by",
                         "comp.imp", "--deff", "no-replace")
    if row["estimator"] == "degf":
        return answer.row("mean(api00)")["df"], CLOSED
    if row["estimator"] == "mean api00":
        return quantity(row, answer.row("mean(api00)", **{"comp.imp": row["domain"].split("=")[1]})), CLOSED
    return quantity(row, answer.row("%s(%s)" % (row["estimator"], row["domain"]))), CLOSED


def half_samples(runs, row):
    mse = ("--mse",) if row["design"].endswith("mse") else ()
    answer = runs.answer(row["dataset"], "--variance", "supplied", "--replicates", "rw*", "--replicate-type", "brr",
                         "--replicate-factors", *mse, "--ratio", "alive/arrests", "--total", "arrests", "--mean", "alive")
    return quantity(row, answer.row("%s(%s)" % (row["estimator"], row["domain"]))), CLOSED


def bootstraps(runs, row):
    kind = row["design"].split("_")[0]
    # Canty and Davison by one harmonic mean of the PSUs in a stratum (100, 50 and 50); the others by the number of replicates.
    average = 3 / (1 / 100 + 1 / 50 + 1 / 50)
    scale, rscale = {"bootstrap": (average / ((average - 1) * 49), 1.0), "subbootstrap": (1 / 49, 1.0),
                     "mrbbootstrap": (1.0, 1 / 49)}[kind]
    if row["quantity"] == "value":
        prove(reasons.near({"scale": scale, "rscales1": rscale}[row["estimator"]], float(row["value"]), CLOSED), "the settings")
        return "settings"
    options = ("--weight", "pw", "--variance", "supplied", "--replicates", ",".join("f%d" % r for r in range(1, 51)),
               "--replicate-factors", "--replicate-type", "other", "--scale", repr(scale), "--rscales",
               ",".join([repr(rscale)] * 50))
    mse = ("--mse",) if row["design"].endswith("mse") else ()
    answer = runs.answer(row["dataset"], *options, *mse, "--mean", "api00", "--total", "enroll", "--quantile",
                         "api00@0.25,api00@0.5,api00@0.75", "--quantile-over-replicates")
    if row["estimator"] == "degf":
        return answer.row("mean(api00)")["df"], CLOSED
    if row["estimator"] == "quantile_math_rep":
        return quantity(row, answer.row("quantile(api00,%s)" % row["domain"].split(":q")[1])), CLOSED
    return quantity(row, answer.row("%s(%s)" % (row["estimator"], row["domain"]))), CLOSED


def lonely(runs, row):
    settings = dict(part.split("=") for part in row["design"].split(","))
    options = ["--weight", "w", "--strata", "h", "--psu", "psu", "--lonely", settings["lonely"], "--mean", "y", "--total", "y",
               "--by", "g"]
    if settings["adjust.domain"] == "TRUE" and settings["lonely"] in ("adjust", "average"):  # of no account for the others, so refused
        options += ["--lonely-domain"]
    options += ["--fpc", "Nh"] if "fpc" in settings else []
    domain = {"g": "1"} if row["domain"].startswith("g=1") else {}
    answer = runs.answer("lonely", *options)
    kind = "mean" if row["estimator"] == "degf" else row["estimator"]
    return quantity(row, answer.row(kind + "(y)", **domain)), CLOSED


def sampling_errors(runs, row):
    if row["estimator"] == "degf" and row["domain"] == "all":
        return runs.answer("dhs_sim_w1", *DHS, "--mean", "v012").stats["design_df"], CLOSED
    parts = row["estimator"].split("_ciprop_")
    kind = INTERVALS[parts[1]] if len(parts) == 2 else "two-se"
    answer = runs.answer("dhs_sim_w1", *DHS, "--where", YOUNG, "--proportion", "m15=1,m18=1", "--total", "m15,m18", "--ci", kind)
    if row["estimator"] in ("degf", "N", "WN"):
        return quantity(row, answer.row("proportion(m15=1)")), CLOSED
    if row["estimator"].endswith("_total"):
        return quantity(row, answer.row("total(%s)" % row["estimator"][:3])), CLOSED
    return limit(row, answer.row("proportion(%s=1)" % parts[0]), parts[-1])


def areas(runs, row):
    column, level = row["domain"].split(",")[1].split("=")
    answer = runs.answer("dhs_sim_w1", *DHS, "--where", YOUNG, "--proportion", "m15=1,m18=1", "--by", column)
    return quantity(row, answer.row("proportion(%s=1)" % row["estimator"], **{column: level})), CLOSED


def medians(runs, row):
    group = row["domain"].split(",")
    low, high = group[0][5:].split("-")
    where = "v012 >= %s and v012 <= %s" % (low, high) + (" and v025 == %s" % group[1][-1] if len(group) > 1 else "")
    answer = runs.answer("dhs_sim_w1", "--weight", "v005", "--where", where, "--quantile", "first@0.5", "--quantile-rule", "dhs")
    found = answer.row("quantile(first,0.5)").get("estimate")
    return math.nan if found is None or found > int(low) else found, CLOSED


def jackknife_rates(runs, row):
    if row["design"].startswith("JKn"):
        mse = ("--mse",) if row["design"].endswith("mse") else ()
        answer = runs.answer("dhs_sim_w1", *DHS, "--where", YOUNG, "--proportion", "m18=1", "--variance", "jkn", *mse)
        return quantity(row, answer.row("proportion(m18=1)")), CLOSED
    sample = runs.sample("dhs_sim_w1")
    if "young" not in runs.samples:
        runs.samples["young"] = sample.copy("young")
        runs.samples["young"].rows = [r for r in sample.rows if 20 <= int(r["v012"]) <= 24]
    answer = runs.answer("young", "--weight", "v005", "--psu", "v021", "--proportion", "m18=1", "--variance", "jk1", "--mse")
    return (answer.stats["psus"], CLOSED) if row["quantity"] == "k" else (quantity(row, answer.row("proportion(m18=1)")), CLOSED)


def differences(runs, row):
    column, text = {"women20-24:rural-urban": ("v025", "v025=2 - v025=1"), "women20-24:v190=1-5": ("v190", "v190=1 - v190=5"),
                    "women20-24:v190=1/5": ("v190", "v190=1 / v190=5")}[row["domain"]]
    answer = runs.answer("dhs_sim_w1", *DHS, "--where", YOUNG, "--mean", "m18", "--by", column, "--contrast", text)
    found = answer.row("contrast(mean(m18))", contrast=text)
    if row["estimator"].startswith("log"):
        return math.log(found["estimate"]) if row["quantity"] == "estimate" else found["se"] / found["estimate"], CLOSED
    return quantity(row, found), CLOSED


def ages(runs, row):
    answer = runs.answer("dhs_sim_w1", *DHS, "--quantile", "v012@0.25,v012@0.5,v012@0.75")
    return quantity(row, answer.row("quantile(v012,%s)" % row["domain"].split(":q")[1])), CLOSED


READERS = {"T1": basic, "T2": domains, "T3": contrasts, "T4": proportions, "Q1": quantiles, "Q2": quantile_limits, "M1": stages,
           "X1": association, "G1": regression, "C1": calibration, "C2": trimming, "C3": raking, "R1": jackknife,
           "R2": half_samples, "R3": bootstraps, "L1": lonely, "D1": sampling_errors, "D2": areas, "D3": medians,
           "D4": jackknife_rates, "D5": regression, "D6": differences, "D7": ages}


# --- The table ------------------------------------------------------------------------------------------------------------------

class Tally:
    def __init__(self):
        self.rows, self.compared, self.worst, self.left, self.faults = 0, 0, {}, collections.Counter(), []

    def number(self, row, found, tolerance, scale):
        expected = math.nan if row["value"] == "NA" else float(row["value"])
        if math.isnan(expected) or math.isnan(found):
            off = 0.0 if math.isnan(expected) and math.isnan(found) else math.inf
        elif expected == 0:
            off = abs(found) / scale
        else:
            off = abs(found - expected) / abs(expected)
        if not off <= tolerance:
            self.faults.append("%s: found %.15g, expected %s (%.2g)" % (title(row), found, row["value"], off))
        else:
            self.compared += 1
            self.worst[tolerance] = max(self.worst.get(tolerance, 0), off)


def title(row):
    return " ".join(row[key] for key in ("case", "dataset", "design", "estimator", "domain", "quantity") if row[key])


def check(runs, rows):
    tallies = collections.OrderedDict()
    scales = {tuple(row[key] for key in ("case", "dataset", "design", "estimator", "domain")): abs(float(row["value"]))
              for row in rows if row["quantity"] == "estimate"}
    for row in rows:
        tally = tallies.setdefault(row["case"], Tally())
        tally.rows += 1
        try:
            answer = READERS[row["case"]](runs, row)
        except (Missing, KeyError) as missing:
            tally.faults.append("%s: %s" % (title(row), missing))
            continue
        if isinstance(answer, str):
            tally.left[answer] += 1
        else:
            key = tuple(row[k] for k in ("case", "dataset", "design", "estimator", "domain"))
            tally.number(row, *answer, scales.get(key, 1.0))
    return tallies


def print_table(tallies):
    print("case    rows compared left out  largest relative difference (tolerance)")
    for case, tally in tallies.items():
        worst = ", ".join("%.1e (%.0e)" % (off, tolerance) for tolerance, off in sorted(tally.worst.items()))
        print("%-4s %7d %8d %8d  %s" % (case, tally.rows, tally.compared, sum(tally.left.values()), worst))
    for reason, text in REASONS.items():
        count = sum(tally.left[reason] for tally in tallies.values())
        if count:
            print("left out, %d: %s" % (count, text))


def main():
    folder = os.path.join(os.environ["LIBEST_ORACLES"], "survey")
    with open(os.path.join(folder, "expected.csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with tempfile.TemporaryDirectory() as work:
        runs = Runs(folder, work)
        tallies = check(runs, rows)
        faults = [fault for tally in tallies.values() for fault in tally.faults]
        print_table(tallies)
    for fault in faults[:int(os.environ.get("SHOW", "60"))]:
        print(fault)
    compared = sum(tally.compared for tally in tallies.values())
    print("%d rows, %d compared, %d faults, %d runs" % (len(rows), compared, len(faults), runs.count))
    left = sum(sum(tally.left.values()) for tally in tallies.values())
    return 1 if faults or compared + left != len(rows) or compared < 2250 else 0


if __name__ == "__main__":
    sys.exit(main())
