"""Small exports as the tools write them, for all tests of the importers."""

import json


def write(folder, files):
    """Write files by name below a folder; lists of records become JSON Lines, dicts JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(content), encoding="utf-8")
    return folder


def _text(content):
    if isinstance(content, list):
        return "".join(json.dumps(line) + "\n" for line in content)
    return json.dumps(content) if isinstance(content, dict) else content


CHART = (
    '"Step","dclm_s1 - eval/CE loss","dclm_s1 - eval/CE loss__MIN","dclm_s1 - eval/CE loss__MAX",'
    '"c4 - a_s1 - eval/CE loss","c4 - a_s1 - eval/CE loss__MIN","c4 - a_s1 - eval/CE loss__MAX",'
    '"never - eval/CE loss","never - eval/CE loss__MIN","never - eval/CE loss__MAX"\n'
    '"50","6.7","6.7","6.7","","","","","",""\n'
    '"400","4.3","4.3","4.3","4.4","4.4","4.4","","",""\n'
    '"900","3.66","3.6","3.7","","","","","",""\n'
)
WANDB = (
    "Name,State,config.dataset,config.unique_tokens,summary.val/loss,summary.tokens_seen\n"
    "a-1,finished,dolma,300000000,3.21,600000000\n"
    "a-2,crashed,dolma,300000000,,100000000\n"
    "a-3,finished,c4,300000000,3.35,600000000\n"
    "a-4,running,c4,300000000,4.35,6000000\n"
)
WANDB_FLAT = (
    '"Name","State","Notes","User","Tags","Created","Runtime","dataset","lr","eval_loss","_step"\n'
    '"dog","finished","-","me","","2024-01-01T00:00:00.000Z","3600","c4","0.001","3.1","1000"\n'
    '"dog","finished","-","me","","2024-01-01T00:00:00.000Z","3600","c4","0.001","2.9","2000"\n'
    '"cat","failed","-","me","","2024-01-01T00:00:00.000Z","60","rw","0.001","","10"\n'
)
WANDB_NESTED = (
    ",summary,config,name\n"
    "0,\"{'val_acc': 0.41, '_step': 1000}\",\"{'dataset': 'top10', 'lr': 0.1}\",r1\n"
    "1,\"{'val_acc': 0.47, '_step': 2000}\",\"{'dataset': 'top10', 'lr': 0.1}\",r2\n"
)
MLFLOW = (
    "run_id,experiment_id,status,metrics.val_loss,metrics.tokens_seen,params.dataset,"
    "params.unique_tokens,params.lr,tags.mlflow.runName\n"
    "3f0d,4,FINISHED,5.6401,600000000,dolma,300000000,0.001,dolma_e2\n"
    "9c41,4,FAILED,,,dolma,300000000,0.003,dolma_e8_oom\n"
    "c0ff,4,FINISHED,4.2115,2400000000,dolma,300000000,0.001,dolma_e8\n"
)
WIDE = (
    "filter,unique_samples,128M,1.28B\ntop 10%,12800000,0.769,0.641\ntop 30%,38400000,0.715,0.564\n"
)
MULTIPLES = "size,30\u00d7,600\u00d7\nd512,3.844,3.336\nd1536,2.874,(partial)\n"
MIXTURES = (
    "index,web,books,code,total_tokens,val_loss\n"
    "1,0.5,0.3,0.2,1000000000,5.1\n"
    "2,0.1,0.9,0,1000000000,5.3\n"
)


def harness(accuracy):
    """A results file of lm-evaluation-harness."""
    return {
        "results": {
            "hellaswag": {
                "alias": "hellaswag",
                "acc,none": accuracy,
                "acc_stderr,none": 0.004,
                "acc_norm,none": accuracy + 0.125,
            },
            "gsm8k": {"exact_match,strict-match": 0.03, "exact_match_stderr,strict-match": "N/A"},
            "wikitext": {"word_perplexity,none": 20.0},
        },
        "config": {"model": "hf", "model_args": "pretrained=/ckpt/a,dtype=float32"},
        "n-samples": {"hellaswag": {"original": 10042, "effective": 10042}},
    }


def datacomp(accuracy):
    """Lines of DataComp's eval_results.jsonl, one without a main metric."""
    return [
        {"key": "imagenet1k", "dataset": "ImageNet 1k", "metrics": {"main_metric": accuracy}},
        {"key": "fairness/fairface", "dataset": "FairFace", "metrics": {"main_metric": None}},
    ]


def clip_benchmark(pretrained, accuracy):
    """A result of CLIP_benchmark."""
    metrics = {"acc1": accuracy, "acc5": 0.86}
    return {"dataset": "imagenet1k", "model": "ViT-B-32", "pretrained": pretrained} | {
        "task": "zeroshot_classification",
        "metrics": metrics,
    }
