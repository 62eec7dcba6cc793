"""Networks of PyTorch, by both of its exporters: read and converted, they answer to real images as onnxruntime does.

The networks are built as torchvision builds them, with random weights; the statistics of their batch normalisations
are those of real images, so that no layer dies out.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from snnctl_onnx.reading import read_network

import snnctl
from snnctl.plugins import DataContext, ReadContext, load_registry

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install -e 'plugins/snnctl-onnx[torch]'")
nn = torch.nn

pytestmark = [pytest.mark.long, pytest.mark.real_data]

IMAGES = 500


class BasicBlock(nn.Module):
    """Two convolutions and a skip connection."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample(inputs, width, stride)

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + self.downsample(x))


def downsample(inputs: int, outputs: int, stride: int) -> nn.Module:
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ResNet18(nn.Module):
    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs, stages = 64, []
        for stage in range(4):
            width = 64 * 2**stage
            stages.append(nn.Sequential(BasicBlock(inputs, width, 2 if stage else 1), BasicBlock(width, width, 1)))
            inputs = width
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def conv_bn_relu6(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Module:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers = [conv_bn_relu6(inputs, hidden, 1)] if expansion != 1 else []
        layers += [
            conv_bn_relu6(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    # expansion, channels, blocks, stride
    SETTINGS = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        inputs, features = 32, [conv_bn_relu6(3, 32, 3, 2)]
        for expansion, channels, blocks, stride in self.SETTINGS:
            for place in range(blocks):
                features.append(InvertedResidual(inputs, channels, stride if place == 0 else 1, expansion))
                inputs = channels
        self.features = nn.Sequential(*features, conv_bn_relu6(inputs, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x):
        x = nn.functional.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(torch.flatten(x, 1))


NETWORKS = {
    "resnet18": ResNet18,
    "mobilenet_v2": MobileNetV2,
}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """The first test images of CIFAR-10, 0 to 1; those that `--limit` chooses."""
    folder = os.environ.get("SNNCTL_DATA")
    if not folder or not Path(folder, "cifar-10-batches-py").is_dir():
        pytest.skip("needs the full data sets in SNNCTL_DATA")
    samples = load_registry().dataset("cifar10").load("test", DataContext())
    return samples.inputs[:IMAGES].astype(np.float32) / 255


def exported(name: str, exporter: str, images: np.ndarray, path: Path, **options: Any) -> None:
    """The network with the statistics of the images, as a file."""
    torch.manual_seed(0)
    network = NETWORKS[name]().train()
    batch = torch.from_numpy(images[:128].transpose(0, 3, 1, 2).copy())
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean of all batches instead of a moving one
    with torch.no_grad():
        network(batch)
    network.eval()
    options = {"input_names": ["image"], "output_names": ["logits"], **options}
    torch.onnx.export(network, (batch[:2],), str(path), dynamo=exporter == "dynamo", **options)


def logits_of(path: Path, images: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    batch = session.get_inputs()[0].shape[0]
    size = batch if isinstance(batch, int) else 100
    feeds = images.transpose(0, 3, 1, 2)
    return np.concatenate(
        [session.run(None, {"image": feeds[start : start + size]})[0] for start in range(0, len(feeds), size)]
    )


@pytest.mark.parametrize(("name", "exporter"), [("resnet18", "dynamo"), ("mobilenet_v2", "torchscript")])
def test_converted_networks_answer_as_onnxruntime_does(name, exporter, images, tmp_path):
    path = tmp_path / f"{name}.onnx"
    exported(name, exporter, images, path)
    result = snnctl.convert(path, data="cifar10", limit=IMAGES, verify="none", out=tmp_path / "run")
    wanted = logits_of(path, images)
    answers = result.model.predict(images, batch_size=64, verbose=0)
    assert len(set(wanted.argmax(axis=1))) > 1
    assert np.mean(answers.argmax(axis=1) == wanted.argmax(axis=1)) >= 0.999
    assert np.max(np.abs(answers - wanted)) < 1e-3 * np.max(np.abs(wanted - wanted.mean(axis=0)))


@pytest.mark.parametrize(
    ("name", "exporter", "options"),
    [
        ("resnet18", "dynamo", {"dynamic_shapes": ({0: "n"},), "opset_version": 20}),
        ("resnet18", "torchscript", {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}),
        ("mobilenet_v2", "torchscript", {"opset_version": 11, "do_constant_folding": False}),
        ("mobilenet_v2", "dynamo", {"optimize": False}),
    ],
    ids=str,
)
def test_networks_and_settings_of_the_exporters(name, exporter, options, images, tmp_path):
    path = tmp_path / f"{name}.onnx"
    exported(name, exporter, images, path, **options)
    model = read_network(path, ReadContext(images.shape[1:])).model
    wanted = logits_of(path, images[:50])
    answers = np.asarray(model(images[:50], training=False))
    assert np.max(np.abs(answers - wanted)) < 1e-3 * np.max(np.abs(wanted - wanted.mean(axis=0)))
