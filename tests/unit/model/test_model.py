"""LAMAE's promises: what it may see, what it ignores, what its attention means."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lamae.errors import InputError
from lamae.model import (
    Backbone,
    Classifier,
    MaskedAutoencoder,
    ModelConfig,
)
from lamae.model.classifier import code_logits
from lamae.model.latent import Latent, lead_attention
from lamae.model.layers import NO_TIME, Attention, distance_bias
from lamae.model.linear_regression import linear_leads
from lamae.model.mask import (
    MaskConfig,
    draw_mask,
    mask_all_but_a_segment,
    mask_random_leads,
    mask_random_patches,
    pack,
)
from lamae.model.patch_embedding import PatchEmbedding
from lamae.objectives.masked import masked_loss
from lamae.signal.linear_regression import linear_estimate

CONFIG = ModelConfig(
    samples=200,
    width=16,
    heads=2,
    depth=2,
    latent_depth=2,
    decoder_width=12,
    decoder_heads=2,
    decoder_depth=2,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(3, 12, 200, generator=seeded())
    visible = mask_random_patches(torch.ones(3, 12, 10, dtype=torch.bool), 0.5, seeded(1))
    visible = visible.clone()
    visible[0, 4] = False
    visible[1, 7:] = False
    return x, visible


def test_masked_patches_are_never_looked_at(batch):
    x, visible = batch
    torch.manual_seed(0)
    model = MaskedAutoencoder(CONFIG).eval()
    masked = ~visible.repeat_interleave(20, dim=-1)
    other = torch.where(masked, torch.randn(x.shape, generator=seeded(2)), x)
    torch.testing.assert_close(model(x, visible), model(other, visible))
    seen = x.clone()
    seen[~masked] += 1
    assert not torch.allclose(model(x, visible), model(seen, visible))


def test_the_decoder_starts_from_the_linear_estimate(batch):
    """With nothing learned yet, what is reconstructed is what regression gives from the visible leads."""
    x, visible = batch
    model = MaskedAutoencoder(CONFIG).eval()
    mixing = torch.randn(12, 12, generator=seeded(4)).double()
    model.moments.copy_(mixing @ mixing.T)
    torch.nn.init.zeros_(model.decoder.to_patch.weight)
    output = model(x, visible).detach()
    seen = visible.repeat_interleave(20, dim=-1).numpy()
    for n in range(3):
        expected = linear_estimate(x[n].numpy(), seen[n], model.moments.numpy())
        np.testing.assert_allclose(output[n], np.nan_to_num(expected), atol=1e-4)


def test_both_linear_regressions_are_one(batch):
    """Batched with the masked leads' rows made trivial, or lead set by lead set."""
    x, visible = batch
    mixing = torch.randn(12, 12, generator=seeded(4)).double()
    moments = mixing @ mixing.T
    found = linear_leads(x, visible, moments).numpy()
    seen = visible.repeat_interleave(20, dim=-1).numpy()
    for n in range(len(x)):
        expected = linear_estimate(x[n].numpy(), seen[n], moments.numpy())
        assert np.isfinite(expected).mean() > 0.9
        np.testing.assert_allclose(found[n], np.nan_to_num(expected), rtol=1e-4, atol=1e-5)


def test_without_moments_the_linear_estimate_is_zero(batch):
    x, visible = batch
    assert (linear_leads(x, visible, torch.zeros(12, 12, dtype=torch.double)) == 0).all()


def test_convolutions_reach_into_patches_beside_but_not_into_masked_ones():
    torch.manual_seed(0)
    embed = PatchEmbedding(CONFIG)
    x = torch.randn(1, 12, 200, generator=seeded())
    whole = torch.ones(1, 12, 10, dtype=torch.bool)
    other = x.clone()
    other[..., 60:80] += 1
    before, after = embed(x, pack(whole)), embed(other, pack(whole))
    changed = (before - after).abs().amax(dim=(0, 1, 3)) > 0
    assert changed.tolist() == [False, True, True, True, True, True, *[False] * 4]
    gap = whole.clone()
    gap[..., 3] = False
    torch.testing.assert_close(embed(x, pack(gap)), embed(other, pack(gap)))


def test_classifiers_see_mean_and_maximum_of_each_lead(batch):
    x, visible = batch
    latent = Backbone(CONFIG).eval()(x, visible)
    features = latent.pooled(12)
    assert features.shape == (3, 16 * 25)
    torch.testing.assert_close(features[:, :16], latent.z)
    each = features[:, 16:].unflatten(1, (12, 32))
    assert (each[1, 7:] == 0).all()
    assert (each[1, :7].abs().amax(dim=-1) > 0).all()
    lead, patch = latent.packed.lead[0], latent.packed.patch.shape[2]
    tokens = latent.tokens[0].unflatten(0, (len(lead), patch + 1))
    row = int((lead == 5).nonzero())
    shown = tokens[row][: 1 + int(visible[0, 5].sum())]
    torch.testing.assert_close(each[0, 5, :16], shown.mean(dim=0))
    torch.testing.assert_close(each[0, 5, 16:], shown.amax(dim=0))


def test_rhythm_is_read_from_the_mean_of_the_leads_visible_at_each_patch(batch):
    x, visible = batch
    visible[2, :, 3] = False
    latent = Backbone(CONFIG).eval()(x, visible)
    found = latent.over_time(10)
    assert found.shape == (3, 10, 16)
    assert (found[2, 3] == 0).all()
    for ecg, n in ((0, 0), (1, 5), (2, 9)):
        shown = (latent.time[ecg] == n) & latent.valid[ecg]
        assert shown.sum() == visible[ecg, :, n].sum() > 0
        torch.testing.assert_close(found[ecg, n], latent.tokens[ecg][shown].mean(dim=0))


def test_the_order_of_beats_reaches_the_statements_through_rhythm_alone(batch):
    """The same tokens in another order look alike to pooling, not to convolutions over time."""
    x, visible = batch
    torch.manual_seed(0)
    classifier = Classifier(replace(CONFIG, rhythm_width=8)).eval()
    torch.nn.init.normal_(classifier.head.weight)
    latent = classifier.backbone(x, visible)
    packed = latent.packed
    turned = replace(latent, packed=packed._replace(patch=9 - packed.patch))
    torch.testing.assert_close(latent.pooled(12), turned.pooled(12))
    before, after = classifier.classify(latent), classifier.classify(turned)
    assert ((before - after).abs().amax(dim=-1) > 0.01).all()
    classifier.head.weight.data[:, -16:] = 0.0
    torch.testing.assert_close(classifier.classify(latent), classifier.classify(turned))


def test_a_classifier_starts_with_the_odds_of_the_training_ecgs():
    classifier = Classifier(CONFIG).eval()
    prevalence = torch.linspace(0, 0.5, 71)
    classifier.start_from(prevalence)
    x, whole = torch.randn(1, 12, 200), torch.ones(1, 12, 10, dtype=torch.bool)
    said = torch.sigmoid(classifier(x, whole))[0]
    torch.testing.assert_close(said, prevalence.clamp_min(1e-4))


def test_z_does_not_depend_on_the_order_in_which_leads_are_given(batch):
    """Shuffle the rows in which leads reach the latent attention; each keeps its identity."""
    x, visible = batch
    torch.manual_seed(0)
    backbone = Backbone(CONFIG).eval()
    order = torch.randperm(12, generator=seeded(3))
    shuffled = Backbone(CONFIG).eval()
    shuffled.load_state_dict(backbone.state_dict())
    with torch.no_grad():
        shuffled.encoder.lead.weight.copy_(backbone.encoder.lead.weight[order])
    z, again = backbone(x, visible).z, shuffled(x[:, order], visible[:, order]).z
    torch.testing.assert_close(z, again)
    assert not torch.allclose(z, backbone(x[:, order], visible[:, order]).z)


def test_the_encoder_keeps_leads_apart(batch):
    x, visible = batch
    backbone = Backbone(CONFIG).eval()
    packed = pack(visible)
    before = backbone.encoder(x, packed)
    changed = x.clone()
    changed[:, 0] += 1
    after = backbone.encoder(changed, packed)
    other = packed.lead != 0
    torch.testing.assert_close(before[other], after[other])
    assert not torch.allclose(before[~other], after[~other])


def test_latent_attention_lets_leads_meet(batch):
    x, visible = batch
    backbone = Backbone(CONFIG).eval()
    changed = x.clone()
    changed[:, 0] += 1
    assert not torch.allclose(backbone(x, visible).z, backbone(changed, visible).z)


def test_explicit_and_fused_attention_agree():
    torch.manual_seed(0)
    attention = Attention(16, 4)
    x, context = torch.randn(2, 5, 16), torch.randn(2, 9, 16)
    valid = torch.ones(2, 9, dtype=torch.bool)
    valid[0, 6:] = False
    time = torch.arange(9)[None]
    bias = distance_bias(time[:, :5], time, valid, heads=4)
    explicit, weights = attention(x, context, bias, explicit=True)
    fused, nothing = attention(x, context, bias, explicit=False)
    torch.testing.assert_close(explicit, fused)
    assert nothing is None
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 4, 5))
    assert (weights[0, :, :, 6:] == 0).all()


def test_distance_bias_falls_with_distance_and_spares_class_tokens():
    time = torch.tensor([[NO_TIME, 0, 1, 5]])
    bias = distance_bias(time, time, None, heads=1)[0, 0]
    assert bias[1].tolist() == [0, 0, -1, -5]
    assert bias[0].tolist() == [0, 0, 0, 0]


def test_attention_of_leads_and_z_sums_to_one_and_skips_masked_leads(batch):
    x, visible = batch
    latent = Backbone(CONFIG).eval()(x, visible, want_attention=True)
    weights, matrix = lead_attention(latent, 12)
    assert weights.shape == (2, 3, 2, 12)
    to_z = torch.stack(latent.attention)[..., 0, 0]
    torch.testing.assert_close(weights.sum(dim=-1) + to_z, torch.ones(2, 3, 2))
    assert (matrix[:, 1, :, :7].sum(dim=-1) < 1).all()
    assert (matrix[:, 1, :, :7].sum(dim=-1) > 0.5).all()
    assert (weights[:, 1, :, 7:] == 0).all()
    assert (matrix[:, 1, :, :, 7:] == 0).all()


def test_attention_of_leads_equals_a_sum_by_hand():
    """Uniform attention gives each lead its share of the tokens."""
    backbone = Backbone(CONFIG).eval()
    for block in backbone.blocks:
        torch.nn.init.zeros_(block.attend_self.query.weight)
    visible = torch.zeros(1, 12, 10, dtype=torch.bool)
    visible[0, 2] = True
    visible[0, 5, :3] = True
    latent = backbone(torch.randn(1, 12, 200), visible, want_attention=True)
    # Head 0 looks at distance too, but z has no place in time: all tokens are equally near.
    weights, _ = lead_attention(latent, 12)
    expected = torch.zeros(12)
    expected[2], expected[5] = 11 / 16, 4 / 16
    torch.testing.assert_close(weights[0, 0, 0], expected)


def test_the_matrix_of_leads_equals_a_mean_over_tokens_by_hand():
    """Lead 1 shows two patches, lead 0 one: with class tokens three tokens and two, and z first."""
    visible = torch.tensor([[[True, False], [True, True]]])
    packed = pack(visible)
    lead = [0, 0, 0, 1, 1, 1]
    valid = torch.tensor([[True, True, False, True, True, True]])
    attention = torch.softmax(torch.randn(1, 1, 7, 7, generator=seeded()), dim=-1)
    attention = attention * torch.cat([torch.ones(1, 1, dtype=torch.bool), valid], dim=1)
    nothing = torch.zeros(1, 6, 4)
    latent = Latent(nothing[:, 0], nothing, torch.zeros(1, 6).long(), valid, packed, (attention,))
    weights, matrix = lead_attention(latent, 2)
    rows = [[row for row in range(6) if lead[row] == which and valid[0, row]] for which in range(2)]
    for query in range(2):
        paid = [
            sum(float(attention[0, 0, q + 1, k + 1]) for q in rows[query] for k in rows[key])
            for key in range(2)
        ]
        expected = torch.tensor(paid) / len(rows[query])
        torch.testing.assert_close(matrix[0, 0, 0, query], expected)
    paid = [sum(float(attention[0, 0, 0, k + 1]) for k in rows[key]) for key in range(2)]
    torch.testing.assert_close(weights[0, 0, 0], torch.tensor(paid))


def test_asking_for_attention_that_was_not_kept_is_an_error(batch):
    with pytest.raises(ValueError, match="want_attention"):
        lead_attention(Backbone(CONFIG)(*batch), 12)


@pytest.mark.parametrize("rhythm_width", [0, 8])
def test_empty_rows_do_not_disturb_the_others(batch, rhythm_width):
    """An ECG's output is the same alone and beside ECGs that show more."""
    x, visible = batch
    model = Classifier(replace(CONFIG, rhythm_width=rhythm_width)).eval()
    torch.nn.init.normal_(model.head.weight)
    torch.testing.assert_close(
        model(x, visible)[1:2], model(x[1:2], visible[1:2]), rtol=1e-4, atol=1e-5
    )


def test_an_ecg_that_shows_nothing_gives_numbers():
    model = MaskedAutoencoder(CONFIG).eval()
    nothing = torch.zeros(1, 12, 10, dtype=torch.bool)
    assert torch.isfinite(model(torch.randn(1, 12, 200), nothing)).all()


def test_reconstructing_some_leads_equals_reconstructing_all_and_choosing(batch):
    model = MaskedAutoencoder(CONFIG).eval()
    leads = torch.tensor([1, 6, 11])
    torch.testing.assert_close(model(*batch, leads), model(*batch)[:, leads])


@pytest.mark.parametrize("cross", [True, False])
def test_a_tiny_model_learns_to_copy_between_leads(cross):
    """Both decoders train; the loss of a task that needs other leads falls well below 1."""
    torch.manual_seed(0)
    config = ModelConfig(
        samples=60, width=32, heads=2, depth=1, latent_depth=1,
        decoder_width=32, decoder_heads=2, decoder_depth=1, decoder_cross=cross,
    )  # fmt: skip
    model = MaskedAutoencoder(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    generator = seeded()
    losses = []
    for _ in range(150):
        x = torch.randn(16, 1, 1, generator=generator).expand(16, 12, 60).contiguous()
        visible = mask_random_leads(torch.ones(16, 12, 3, dtype=torch.bool), 6, generator)
        loss = masked_loss(model(x, visible), x, ~visible)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-10:]) / 10 < 0.1


def test_no_latent_blocks_leave_z_free_of_the_leads(batch):
    config = ModelConfig(samples=200, width=16, heads=2, depth=1, latent_depth=0)
    x, visible = batch
    backbone = Backbone(config).eval()
    torch.testing.assert_close(backbone(x, visible).z, backbone(x * 2, visible).z)


def test_masks_mask_what_they_say():
    available = torch.ones(4, 12, 50, dtype=torch.bool)
    visible = mask_random_patches(available, 0.75, seeded())
    assert (visible.sum(dim=-1) == 12).all()
    assert not (visible[:, 0] == visible[:, 1]).all()
    together = mask_random_patches(available, 0.75, seeded(), synchronous=True)
    assert (together == together[:, :1]).all()
    assert (mask_random_leads(available, 5, seeded()).any(dim=-1).sum(dim=-1) == 7).all()
    assert (mask_random_patches(available, 1.0, seeded()).sum(dim=-1) == 1).all()


@pytest.mark.parametrize(
    ("config", "least_leads", "most_leads"),
    [
        (MaskConfig(mask_leads=0.0, synchronous=0.0), 12, 12),
        (MaskConfig(mask_leads=0.0, synchronous=1.0), 12, 12),
        (MaskConfig(mask_leads=1.0, full_view=0.0), 1, 11),
        (MaskConfig(mask_leads=1.0, full_view=1.0), 1, 11),
        (MaskConfig(ratio=0.5, mask_leads=0.0), 12, 12),
    ],
)
def test_masks_are_drawn_as_the_settings_say(config, least_leads, most_leads):
    available = torch.ones(4, 12, 48, dtype=torch.bool)
    generator = seeded()
    shown = set()
    for _ in range(30):
        visible = draw_mask(available, config, generator)
        leads = visible.any(dim=-1)
        count = visible.sum(dim=-1)
        shown.add(int(leads[0].sum()))
        assert (leads.sum(dim=-1) == leads[0].sum()).all()
        # Every lead that is shown shows as many patches as any other.
        assert set(count[leads].tolist()) == {int(count.max())}
        if config.mask_leads == 0:
            assert int(count[0, 0]) == round(48 * (1 - config.ratio))
            together = (visible == visible[:, :1]).all()
            assert together == (config.synchronous == 1) or 0 < config.synchronous < 1
        elif config.full_view == 1:
            assert int(count.max()) == 48
        else:
            # About as many patches as without masked leads, as far as the leads have them.
            expected = min(48, 48 * (1 - config.ratio) * 12 / int(leads[0].sum()))
            assert abs(int(count.max()) - expected) <= 1
    assert min(shown) >= least_leads
    assert max(shown) <= most_leads
    assert (len(shown) > 1) == (config.mask_leads > 0)


@pytest.mark.parametrize(("ratio", "shown"), [(0.0, 10), (0.4, 6), (0.99, 1)])
def test_a_segment_is_one_and_the_same_in_all_leads(ratio, shown):
    available = torch.ones(200, 12, 10, dtype=torch.bool)
    available[0, 3] = False
    visible = mask_all_but_a_segment(available, ratio, seeded())
    assert not visible[0, 3].any()
    assert (visible[1:] == visible[1:, :1]).all()
    rows = visible[:, 0]
    assert (rows.sum(dim=-1) == shown).all()
    assert (rows.int().diff(dim=-1).abs().sum(dim=-1) <= 2).all()
    starts = rows.int().argmax(dim=-1)
    assert set(starts.tolist()) == set(range(10 - shown + 1))


def test_imputation_masks_one_chest_lead_all_or_any_leads_and_nothing_else():
    available = torch.ones(3, 12, 5, dtype=torch.bool)
    available[1, 4] = False
    generator = torch.Generator().manual_seed(0)
    counts = {"one": 0, "chest": 0, "any": 0}
    sizes = set()
    for _ in range(600):
        visible = draw_mask(available, MaskConfig(imputation=1.0), generator)
        shown = visible[0].all(dim=-1)
        assert torch.equal(visible, available & shown[:, None])
        masked = (~shown).nonzero().flatten().tolist()
        if masked == list(range(6, 12)):
            counts["chest"] += 1
        elif len(masked) == 1 and masked[0] >= 6:
            counts["one"] += 1
        else:
            counts["any"] += 1
            sizes.add(len(masked))
    # A third each; any leads are now and then one chest lead.
    assert 160 < min(counts.values()) <= max(counts.values()) < 240
    assert sizes == set(range(1, 12))


def test_masks_follow_the_generator_and_never_show_what_is_not_there():
    available = torch.ones(2, 12, 50, dtype=torch.bool)
    available[0, 3] = False
    available[1, :, 40:] = False
    config = MaskConfig()
    first, second = seeded(), seeded()
    for _ in range(20):
        visible = draw_mask(available, config, first)
        assert torch.equal(visible, draw_mask(available, config, second))
        assert not (visible & ~available).any()


def test_packing_lists_every_visible_patch_once():
    visible = torch.rand(5, 12, 10, generator=seeded()) < 0.3
    visible[2] = False
    numbers = torch.arange(5 * 120).reshape(5, 12, 10)
    packed = pack(visible)
    ecgs = torch.arange(5)[:, None, None]
    listed = numbers[ecgs, packed.lead[:, :, None], packed.patch][packed.valid]
    assert sorted(listed.tolist()) == numbers[visible].tolist()


def test_a_code_scores_as_its_strongest_statement():
    logits = torch.tensor([[0.0, -1.0, 2.0, 5.0]])
    assert code_logits(logits, ((0, 2), (1,))).tolist() == [[2.0, -1.0]]


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="patches of 30"):
        ModelConfig(strides=(5, 6))
    with pytest.raises(InputError, match="2 strides and 0 channels"):
        ModelConfig(channels=())
    with pytest.raises(InputError, match="multiple"):
        ModelConfig(width=130)
