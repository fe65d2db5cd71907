"""Deploys template.yaml into the emulator `ministack`, the way CloudFormation would, and gives access to what it made.

What differs from AWS, and why:

* the SAM transform runs here (aws-sam-translator), because the emulator does not know it;
* CodeUri points at zips of the debug binaries in the emulator's S3, built for this machine's processor;
* the emulator ignores the inline OpenAPI `Body` of an HTTP API, so `import_routes` creates its routes through the API;
* alarms over several metrics are left out: the emulator's CloudFormation refuses metric math;
* the bucket policy that refuses plain HTTP is left out, because the emulator's own endpoint is plain HTTP.

Everything else, access control included (AUTH=true), is the template's.
"""

import ctypes
import io
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
STACK = "casa-test"
# Beginnings of the names of what a developer's own environment may hold: no test talks to a real vendor.
SETTINGS = ("AWS_", "CASA_", "CHATBOT_", "META_", "MERCADOPAGO_", "MUSIC_", "OPENPAY_", "TELEGRAM_", "TWILIO_", "WHATSAPP_")
CODE_BUCKET = "code"
# What the transform asks the account for; the emulator knows these policies under the same names.
MANAGED_POLICIES = {
    name: f"arn:aws:iam::aws:policy/service-role/{name}"
    for name in ("AWSLambdaBasicExecutionRole", "AWSLambdaDynamoDBExecutionRole")
}


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def binaries():
    """The folder of the debug binaries."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or "target")
    return (ROOT / target) / "debug"


def die_with_parent():
    """Asks Linux to end this child when the tests die, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Emulator:
    """One emulator process with its own temporary folder; use as a context manager."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="casa-deploy-"))
        self.process = None

    def environment(self):
        """What a program needs in its environment to use the emulator as the account's administrator."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ENDPOINT_URL_SQS": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __enter__(self):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
        environment = inherited | self.environment() | {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "TMPDIR": str(self.folder),
            "HOME": str(self.folder),
            "MINISTACK_REGION": REGION,
            "PYTHONWARNINGS": "ignore",
            "LOG_LEVEL": "INFO",
        }
        self.log = open(self.folder / "emulator.log", "w", encoding="utf-8")
        command = [str(pathlib.Path(sys.executable).with_name("ministack"))]
        self.process = subprocess.Popen(
            command,
            env=environment,
            cwd=self.folder,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        self.wait_until_healthy()
        return self

    def wait_until_healthy(self):
        """Returns when the emulator answers; raises after half a minute."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2).read()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the emulator did not start:\n{self.logs()}")

    def __exit__(self, *_):
        # Its own process group: the functions it started end with it.
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        except ProcessLookupError:
            pass
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self, last=60):
        """The last lines that the emulator and its functions wrote."""
        return "\n".join((self.folder / "emulator.log").read_text(encoding="utf-8", errors="replace").splitlines()[-last:])

    def client(self, service):
        """A boto3 client of the account's administrator."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, read_timeout=120),
        )


def transformed(code_bucket=CODE_BUCKET):
    """template.yaml after the SAM transform, as CloudFormation would get it; code comes from `code_bucket`."""
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.yaml_helper import yaml_parse

    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            name = pathlib.PurePath(resource["Properties"]["CodeUri"]).name
            resource["Properties"]["CodeUri"] = {"Bucket": code_bucket, "Key": f"{name}.zip"}
    result = Translator(MANAGED_POLICIES, Parser()).translate(template, {})
    result.pop("Transform", None)
    return result


def functions(template):
    """Folder name (which is the binary's name) of each function in a transformed template, by logical id."""
    return {
        logical: resource["Properties"]["Code"]["S3Key"].removesuffix(".zip")
        for logical, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def package(binary):
    """A deployable zip of a binary, without its debug information."""
    with tempfile.NamedTemporaryFile() as stripped:
        try:
            subprocess.run(["strip", "-o", stripped.name, str(binary)], check=True)
            content = pathlib.Path(stripped.name).read_bytes()
        except FileNotFoundError:
            content = binary.read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:  # not compressed: it goes no further than the next process
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        zipped.writestr(entry, content)
    return archive.getvalue()


def deployable(logical, resource):
    """Whether the emulator can take a resource; the exceptions are in this module's description."""
    return logical != "FilesPolicy" and "Metrics" not in resource.get("Properties", {})


class Stack:
    """The deployed stack."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.template = transformed()
        self.resources = {}
        self.api = None

    def deploy(self, folder=None):
        """Uploads the binaries of `folder`, creates the stack, and creates the routes of its API."""
        s3 = self.emulator.client("s3")
        s3.create_bucket(Bucket=CODE_BUCKET)
        for name in functions(self.template).values():
            s3.put_object(Bucket=CODE_BUCKET, Key=f"{name}.zip", Body=package((folder or binaries()) / name))
        template = self.template | {"Resources": {k: v for k, v in self.template["Resources"].items() if deployable(k, v)}}
        # Through S3, as real templates of this size: TemplateBody may hold 51,200 bytes.
        s3.put_object(Bucket=CODE_BUCKET, Key="template.json", Body=json.dumps(template).encode())
        cloudformation = self.emulator.client("cloudformation")
        architecture = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
        cloudformation.create_stack(
            StackName=STACK,
            TemplateURL=f"{self.emulator.url}/{CODE_BUCKET}/template.json",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in {"Stage": "test", "Architecture": architecture, "LogLevel": "info"}.items()
            ],
        )
        self.wait(cloudformation)
        self.resources = {
            item["LogicalResourceId"]: item["PhysicalResourceId"]
            for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
            for item in page["StackResourceSummaries"]
        }
        self.api = self.resources["Api"]
        self.import_routes()
        return self

    def wait(self, cloudformation):
        """Returns when the stack stands; raises with the events of its failure."""
        while True:
            status = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
            if status == "CREATE_COMPLETE":
                return
            if not status.endswith("IN_PROGRESS") or "ROLLBACK" in status:
                events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
                told = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in events if "FAILED" in e["ResourceStatus"]]
                raise RuntimeError(f"the stack ended in {status}: {told}")
            time.sleep(0.1)

    def import_routes(self):
        """Creates the routes of the API's OpenAPI body, each with the integration the body names."""
        gateway = self.emulator.client("apigatewayv2")
        lambdas = self.emulator.client("lambda")
        body = self.template["Resources"]["Api"]["Properties"]["Body"]
        integrations = {}
        for name, integration in body["components"]["x-amazon-apigateway-integrations"].items():
            logical = re.search(r"functions/\$\{(\w+)\.Arn\}", integration["uri"]["Fn::Sub"]).group(1)
            arn = lambdas.get_function(FunctionName=self.resources[logical])["Configuration"]["FunctionArn"]
            integrations[name] = gateway.create_integration(
                ApiId=self.api,
                IntegrationType="AWS_PROXY",
                IntegrationUri=arn,
                IntegrationMethod=integration["httpMethod"],
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )["IntegrationId"]
        for path, item in body["paths"].items():
            for method, operation in item.items():
                name = operation["x-amazon-apigateway-integration"]["$ref"].rsplit("/", 1)[1]
                verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                key = "$default" if operation.get("isDefaultRoute") else f"{verb} {path}"
                gateway.create_route(ApiId=self.api, RouteKey=key, Target=f"integrations/{integrations[name]}")

    @property
    def base(self):
        """URL under which the API's paths begin."""
        return f"{self.emulator.url}/_aws/execute-api/{self.api}/$default"


def invoke(emulator, stack, function, event):
    """Sends an event straight to a function; answers what it returned."""
    answer = emulator.client("lambda").invoke(FunctionName=stack.resources[function], Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload
